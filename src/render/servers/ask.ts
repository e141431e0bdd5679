import type { Page } from "puppeteer";
import { Fault, wordsOf } from "#model/fault.ts";
import type { ServerSettings } from "#render/port.ts";
import type { Json } from "#render/servers/json.ts";
import { parsed } from "#render/servers/json.ts";

/** Asks the server's own API: a path below its base address → the JSON of the answer. */
export type Ask = (path: string) => Promise<Json>;

const limitMs = 20_000;
/** A list of a few thousand dashboards stays below it; more is no catalog. */
const most = 8_000_000;

/** How a page asks: from the server's own origin, so that the cookies of the sign-in go along and the page's guard watches. */
export const askFrom = (page: Page, settings: ServerSettings, more: Asking): Ask => {
  const origin = new URL(settings.url).origin;
  return async (path) => {
    more.signal.throwIfAborted();
    if (originOf(page.url()) !== origin) await reach(page, settings);
    const answer = await sent(page, settings, { address: settings.url + path, method: "GET", headers: more.headers });
    if (answer.status >= 400 || answer.status < 200) throw unexpected(settings, path, answer.status);
    const json = parsed(answer.text);
    if (json !== undefined) return json;
    throw unexpected(settings, path, answer.status);
  };
};

/** What every question carries. */
export interface Asking {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** One request from within a page. */
export interface Sending {
  readonly address: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends from within `page`, whose origin must be the server's; throws `server.unreachable`. */
export const sent = async (
  page: Page,
  settings: ServerSettings,
  what: Sending,
): Promise<{ status: number; text: string }> => {
  try {
    const answer = await page.evaluate(fetchInPage, { ...what, limitMs, most });
    return { status: Number(answer.status), text: String(answer.text) };
  } catch (cause) {
    throw unreachable(settings, cause);
  }
};

/** Runs in the page, so it may use nothing from around it. */
const fetchInPage = async (what: Sending & { readonly limitMs: number; readonly most: number }) => {
  const { address, method, headers, body, limitMs: limit, most: atMost } = what;
  const signal = AbortSignal.timeout(limit);
  const init = { method, headers, credentials: "same-origin", signal } as const;
  const answer = await fetch(address, body === undefined ? init : { ...init, body });
  const text = await answer.text();
  return { status: answer.status, text: text.length > atMost ? "" : text };
};

/** Brings the page to the server's origin by its lightest address; any answer will do. */
export const reach = async (page: Page, settings: ServerSettings): Promise<void> => {
  try {
    await page.goto(`${settings.url}/favicon.ico`, { timeout: limitMs, waitUntil: "domcontentloaded" });
  } catch (cause) {
    // A 204 or a download ends a navigation without a page; what counts is where the page is now.
    if (originOf(page.url()) !== new URL(settings.url).origin) throw unreachable(settings, cause);
  }
};

const originOf = (address: string): string | null => (URL.canParse(address) ? new URL(address).origin : null);

/** The fault for a server that gives no answer at all. */
export const unreachable = (settings: ServerSettings, cause: unknown): Fault =>
  new Fault("server.unreachable", `Report server “${settings.name}” did not answer: ${wordsOf(cause)}`, {
    hint: `Open ${settings.url} from this machine; it is set in servers.${settings.name}.url.`,
    retry: "later",
    cause,
  });

const unexpected = (settings: ServerSettings, path: string, status: number): Fault =>
  new Fault(
    "server.unreachable",
    `Report server “${settings.name}” answered ${path} with status ${status} and no JSON.`,
    {
      hint: `Check that servers.${settings.name}.kind is “${settings.kind}” and that its sign-in may list views.`,
      retry: status >= 500 ? "later" : "never",
    },
  );

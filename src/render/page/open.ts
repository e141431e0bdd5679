import { Fault, isFault, wordsOf } from "#model/fault.ts";
import { phase, type Tab } from "#render/page/tab.ts";

/** Where to go, and for how long an answer is waited for. */
export interface OpenOptions {
  readonly url: string;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** The page that answered. */
export interface Opened {
  readonly url: string;
  readonly status: number;
}

/**
 * Goes to an address. Faults: `server.host-refused` when it leads outside, `server.signin` for 401, `render.error-page` for any other
 * status from 400 on, `server.unreachable` when nothing answers in time or a gateway says so.
 */
export const open = async (tab: Tab, { url, limitMs, signal }: OpenOptions): Promise<Opened> => {
  // The page's own limit comes first and tells whose fault it is; the phase's comes after it, for a browser that hangs.
  const bound = { name: "opening the view", ms: limitMs + 2_000, ...(signal && { signal }) };
  return phase(tab, bound, async (inner) => {
    const response = await navigate(tab, { url, limitMs, signal: inner });
    const refused = tab.guard.fault();
    if (refused !== null) throw refused;
    if (response.status >= 400) throw errorPage(response);
    return response;
  });
};

const navigate = async (tab: Tab, { url, limitMs, signal }: Required<OpenOptions>): Promise<Opened> => {
  try {
    const response = await tab.page.goto(url, { waitUntil: "domcontentloaded", timeout: limitMs, signal });
    return { url: tab.page.url(), status: response?.status() ?? 200 };
  } catch (error) {
    const refused = tab.guard.fault();
    if (refused !== null) throw refused;
    if (isFault(error) || signal.aborted || !isNetworkTrouble(error)) throw error;
    throw unreachable(url, error);
  }
};

const isNetworkTrouble = (error: unknown): boolean =>
  error instanceof Error && (error.name === "TimeoutError" || error.message.startsWith("net::"));

const unreachable = (url: string, cause: unknown): Fault => {
  const { host } = new URL(url);
  const isCertificate = /ERR_(CERT|SSL)/.test(wordsOf(cause));
  return new Fault("server.unreachable", `${host} did not answer: ${wordsOf(cause)}`, {
    hint: isCertificate
      ? `The certificate of ${host} isn't trusted on this machine; add its authority to the system's.`
      : `Open ${host} from this machine; is the report server up and reachable from here?`,
    retry: isCertificate ? "never" : "later",
    cause,
  });
};

const errorPage = ({ url, status }: Opened): Fault => {
  const { host, pathname } = new URL(url);
  if (status === 401) {
    return new Fault("server.signin", `${host} answered 401 for ${pathname}: the sign-in is missing or has ended.`, {
      hint: "Check the report server's user and password or token.",
      retry: "later",
    });
  }
  if (status >= 502 && status <= 504) {
    return new Fault("server.unreachable", `${host} answered ${status}: it is away or too busy at the moment.`, {
      hint: `Open ${host} from this machine; is the report server up?`,
      retry: "later",
    });
  }
  return new Fault("render.error-page", `${host} answered ${status} for ${pathname}.`, {
    hint: status === 404 ? "Check the view's path." : "Open the view in a browser with the same sign-in.",
    retry: status >= 500 || status === 408 || status === 429 ? "later" : "never",
  });
};

import { Fault } from "#model/fault.ts";
import { ask, numberIn, textIn } from "#render/page/ask.ts";
import { phase, type Tab } from "#render/page/tab.ts";

/** What is fetched, and how much of it at most. */
export interface DownloadOptions {
  readonly url: string;
  readonly maxBytes: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** A file that the report server gave. */
export interface Download {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/**
 * Fetches a file from within the page that is open, so with its sign-in and under its guard. Fault `render.export` for a status from
 * 400 on, a page instead of a file, or too much of it; `server.signin` for 401.
 */
export const download = async (tab: Tab, { url, maxBytes, limitMs, signal }: DownloadOptions): Promise<Download> =>
  phase(tab, { name: "fetching the view's rows", ms: limitMs, ...(signal && { signal }) }, async () => {
    const answer = await ask(tab, fetchInPage, { url, maxBytes, limitMs });
    const refused = tab.guard.fault();
    if (refused !== null) throw refused;
    const trouble = troubleIn(answer, url, maxBytes);
    if (trouble !== null) throw trouble;
    return {
      bytes: Buffer.from(textIn(answer, "base64", maxBytes * 2), "base64"),
      mediaType: textIn(answer, "mediaType"),
    };
  });

const troubleIn = (answer: unknown, url: string, maxBytes: number): Fault | null => {
  const status = numberIn(answer, "status");
  const mediaType = textIn(answer, "mediaType");
  const { host, pathname } = new URL(url);
  const place = `${host}${pathname}`;
  if (status === 0) return failed(`${place} did not answer: ${textIn(answer, "error", 200)}`, "later");
  if (status === 401) {
    const hint = "Check the report server's user and password or token.";
    return new Fault("server.signin", `${place} answered 401: the sign-in is missing or has ended.`, {
      hint,
      retry: "later",
    });
  }
  if (status >= 400) return failed(`${place} answered ${status}.`, status >= 500 || status === 429 ? "later" : "never");
  if (/html/i.test(mediaType)) return failed(`${place} answered with a page instead of rows.`, "later");
  return numberIn(answer, "size") > maxBytes ? failed(`${place} gave more than ${maxBytes} bytes.`, "never") : null;
};

const failed = (what: string, retry: "never" | "later"): Fault =>
  new Fault("render.export", what, {
    hint: "Open the address in a browser with the same sign-in; check the view's csv setting.",
    retry,
  });

/** The little of the fetch interface that is used here; it is the page's, not Node's. */
declare const fetch: (
  address: string,
  how: object,
) => Promise<{
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: {
    readonly getReader: () => {
      read: () => Promise<{ done: boolean; value?: Uint8Array }>;
      cancel: () => Promise<void>;
    };
  } | null;
}>;
declare const btoa: (text: string) => string;

/** Runs in the page. */
const fetchInPage = async ({ url, maxBytes, limitMs }: { url: string; maxBytes: number; limitMs: number }) => {
  try {
    const answer = await fetch(url, { credentials: "include", signal: AbortSignal.timeout(limitMs) });
    const mediaType = answer.headers.get("content-type") ?? "";
    const pieces: string[] = [];
    let size = 0;
    const reader = answer.body?.getReader();
    for (let next = await reader?.read(); next?.value !== undefined && size <= maxBytes; next = await reader?.read()) {
      size += next.value.length;
      // The call takes each byte as an argument, of which there may be only so many.
      for (let at = 0; at < next.value.length; at += 8_192) {
        pieces.push(String.fromCharCode(...next.value.subarray(at, at + 8_192)));
      }
    }
    await reader?.cancel();
    return { status: answer.status, mediaType, size, base64: size > maxBytes ? "" : btoa(pieces.join("")) };
  } catch (error) {
    return { status: 0, error: String(error) };
  }
};

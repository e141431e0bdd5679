import type { CDPSession, Page } from "puppeteer";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import type { Guard } from "#render/page/guard.ts";
import type { Pane } from "#render/page/pane.ts";
import type { Recorder } from "#render/page/requests.ts";
import { type Bound, unlessGone, within } from "#runtime/timeout.ts";

/** How a page is laid out and what it believes of its reader. */
export interface Look {
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel. */
  readonly scale: number;
  readonly locale: string;
  readonly zone: string;
  readonly theme: "light" | "dark";
}

/** The one page of a warm browser, lent for one render. */
export interface Tab extends AsyncDisposable {
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly pane: Pane;
  readonly look: Look;
  readonly guard: Guard;
  readonly recorder: Recorder;
  /** How many documents the main frame has had; a change while a picture is taken means that the page has gone elsewhere. */
  readonly documents: () => number;
  /** Status of the main frame's newest document; `null` before the first. */
  readonly status: () => number | null;
  /** Fails when the browser or the page's process ends. */
  readonly gone: Promise<never>;
  /** True while the browser itself still answers. */
  readonly isAlive: () => Promise<boolean>;
  /** Says that this browser must not be used again. */
  readonly condemn: () => void;
}

/**
 * Runs one phase within its bound. Whatever ends it comes out as a fault: the guard's refusal before all others; a browser that has
 * died or hangs as `browser.crashed`, and then the next render gets a fresh browser.
 */
export const phase = async <T>(tab: Tab, bound: Bound, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  try {
    return await within(bound, (signal) => unlessGone(work(signal), tab.gone));
  } catch (error) {
    throw tab.guard.fault() ?? (await faultOf(tab, bound, error));
  }
};

const faultOf = async (tab: Tab, bound: Bound, error: unknown): Promise<unknown> => {
  if (isFault(error) && error.code !== "run.timeout" && error.code !== "browser.crashed") return error;
  const isTimeout = isFault(error, "run.timeout");
  if (!isTimeout && !isFault(error) && !isBrokenCall(error)) return error;
  // What was left behind may still hold the page, so it isn't lent again either way.
  tab.condemn();
  if (isFault(error, "browser.crashed") || (isTimeout && (await tab.isAlive()))) return error;
  return crashed(`during ${bound.name}`, error);
};

/** The sentence for a browser that ended or hangs. */
export const crashed = (when: string, cause: unknown): Fault =>
  new Fault("browser.crashed", `The browser ended or stopped answering ${when}: ${wordsOf(cause)}`, {
    hint: "It is started anew for the next try; if it happens often, give the machine more memory or render less at once.",
    retry: "later",
    cause,
  });

const brokenCall =
  /target closed|session closed|connection closed|detached|protocoltimeout|timed out|crash|not attached/i;

/** True for puppeteer's errors about a browser or page that is no longer there or doesn't answer. */
export const isBrokenCall = (error: unknown): boolean =>
  error instanceof Error &&
  (/^(TargetCloseError|ConnectionClosedError)$/.test(error.name) || brokenCall.test(error.message));

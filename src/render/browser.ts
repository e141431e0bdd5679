import type { CDPSession, Page } from "puppeteer";
import { Fault, wordsOf } from "#model/fault.ts";
import { type ChromiumInstall, launchChromium, type RunningChromium } from "#render/launch.ts";
import { forget, forgetSession } from "#render/page/forget.ts";
import { type Guard, guardPage, type Hosts } from "#render/page/guard.ts";
import { openPane, type Pane } from "#render/page/pane.ts";
import { type Recorder, recordPage } from "#render/page/requests.ts";
import { crashed, type Look, type Tab } from "#render/page/tab.ts";
import { groupMegabytes } from "#render/processes.ts";
import { within } from "#runtime/timeout.ts";

/** When a browser is given up, and how long its single acts may take. */
export interface BrowserLimits {
  readonly launchMs: number;
  /** For one answer of the browser; a large picture is one. */
  readonly callMs: number;
  readonly closeMs: number;
  /** A fresh browser after so many renders … */
  readonly renders: number;
  /** … or when its processes hold more memory of their own than this. */
  readonly megabytes: number;
}

/** What one render needs of the page before it goes anywhere. */
export interface Lending {
  readonly look: Look;
  readonly hosts: Hosts;
}

/** One browser that stays up between renders, with one page. A worker has its own: two pages in one browser gain nothing. */
export interface WarmBrowser extends AsyncDisposable {
  /**
   * The page, empty and remembering nothing of the render before, in a fresh browser where the last one was worn out, died or hung.
   * It is given back by disposing of it; a page that was not given back is taken back here. Fault `browser.crashed`.
   */
  readonly page: (lending: Lending) => Promise<Tab>;
  /** Process number of the browser; `null` while there is none. */
  readonly pid: () => number | null;
}

/** A started browser with all that belongs to it. */
interface Running {
  readonly chromium: RunningChromium;
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly pane: Pane;
  readonly guard: Guard;
  readonly recorder: Recorder;
  readonly gone: Promise<never>;
  readonly documents: () => number;
  readonly status: () => number | null;
  /** Origins whose documents were shown in this render. */
  readonly shown: Set<string>;
  renders: number;
  isCondemned: boolean;
  /** The language of its pages so far; `null` before the first. */
  language: string | null;
  /** What the page has been told of its reader; `null`: nothing, or only a part of it. */
  dressed: Look | null;
  /** Takes this render's mark off. */
  unmark: () => Promise<void>;
}

/** Each look at the memory reads the process table, so not every render does it. */
const weighEvery = 10;

/** Opens a browser that starts at the first page asked for and is started anew when it must be. */
export const openBrowser = (install: ChromiumInstall, limits: BrowserLimits): WarmBrowser => {
  let running: Running | null = null;
  let lent: Tab | null = null;
  let isClosed = false;
  const end = async (): Promise<void> => {
    const last = running;
    running = null;
    lent = null;
    if (last !== null) await endRunning(last, limits);
  };
  const giveBack = async (tab: Tab | null): Promise<void> => {
    if (running === null || tab === null || tab !== lent) return;
    lent = null;
    if (!(await isRested(running, limits)) || (await isWorn(running, limits))) await end();
  };
  return {
    page: async (lending) => {
      await giveBack(lent);
      if (running?.isCondemned) await end();
      if (!isClosed) running ??= await start(install, limits);
      // Somebody who had to wait for it may come after its end, and nobody would close it then.
      if (isClosed) await end();
      if (running === null) throw crashed("before the render", "it has been closed");
      try {
        if (isOtherLanguage(running, lending.look)) running = await renewPage(running, limits);
        lent = await lend(running, lending, { limits, giveBack });
        return lent;
      } catch (error) {
        await end();
        throw crashed("at the start of a render", error);
      }
    },
    pid: () => running?.chromium.pid ?? null,
    [Symbol.asyncDispose]: () => {
      isClosed = true;
      return end();
    },
  };
};

const start = async (install: ChromiumInstall, limits: BrowserLimits): Promise<Running> => {
  const chromium = await launchChromium(install, limits);
  try {
    return await within({ name: "the start of the browser", ms: limits.launchMs }, async () => {
      const [first] = await chromium.browser.pages();
      return prepare(chromium, first ?? (await chromium.browser.newPage()));
    });
  } catch (error) {
    chromium.end();
    const hint = "look at the memory and the load of this machine; it is tried again";
    const what = `The browser started and didn't answer: ${wordsOf(error)}`;
    throw new Fault("browser.start", what, { hint, retry: "later", cause: error });
  }
};

/**
 * A page's process remembers for each character which font drew it, whatever the language asked for was, so that after a Japanese view a
 * Chinese one would have Japanese shapes. Another language gets a page with a process of its own.
 */
const renewPage = async (running: Running, limits: BrowserLimits): Promise<Running> =>
  within({ name: "a page for another language", ms: limits.callMs }, async () => {
    const { chromium, page, renders } = running;
    const renewed = await prepare(chromium, await chromium.browser.newPage());
    await page.close();
    return { ...renewed, renders };
  });

const isOtherLanguage = ({ language }: Running, look: Look): boolean =>
  language !== null && language !== languageOf(look);

const languageOf = ({ locale }: Look): string => locale.split("-")[0] ?? locale;

const prepare = async (chromium: RunningChromium, page: Page): Promise<Running> => {
  const cdp = await page.createCDPSession();
  const guard = await guardPage(page, cdp);
  page.on("dialog", (dialog) => void dialog.dismiss().catch(() => {}));
  await page.setBypassServiceWorker(true);
  return {
    chromium,
    page,
    cdp,
    pane: openPane(await page.createCDPSession()),
    guard,
    recorder: recordPage(page, cdp),
    gone: endOf(chromium, page),
    ...watchDocuments(page),
    renders: 0,
    isCondemned: false,
    language: null,
    dressed: null,
    unmark: () => Promise.resolve(),
  };
};

const endOf = (chromium: RunningChromium, page: Page): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting at that moment, and then it is no error.
  promise.catch(() => {});
  chromium.browser.once("disconnected", () => reject(crashed("in the middle of a render", "the process ended")));
  page.once("error", (error) => reject(crashed("in the middle of a render", error)));
  page.once("close", () => reject(crashed("in the middle of a render", "the page was closed")));
  return promise;
};

const watchDocuments = (page: Page): Pick<Running, "documents" | "status" | "shown"> => {
  let documents = 0;
  let status: number | null = null;
  const shown = new Set<string>();
  page.on("framenavigated", (frame) => {
    if (URL.canParse(frame.url())) shown.add(new URL(frame.url()).origin);
    if (frame.parentFrame() === null) documents += 1;
  });
  page.on("response", (response) => {
    const isMain = response.request().isNavigationRequest() && response.frame()?.parentFrame() === null;
    if (isMain) status = response.status();
  });
  return { documents: () => documents, status: () => status, shown };
};

interface Lender {
  readonly limits: BrowserLimits;
  readonly giveBack: (tab: Tab) => Promise<void>;
}

const lend = async (running: Running, { look, hosts }: Lending, { limits, giveBack }: Lender): Promise<Tab> => {
  const { page, cdp, pane, guard, recorder } = running;
  running.renders += 1;
  running.language = languageOf(look);
  await within({ name: "preparing the page", ms: limits.callMs }, async () => {
    await dress(running, look);
    await guard.allow(hosts);
    recorder.reset();
    running.unmark = await forgetSession(page);
  });
  const condemn = (): void => {
    running.isCondemned = true;
  };
  const tab: Tab = {
    page,
    cdp,
    pane,
    look,
    guard,
    recorder,
    documents: running.documents,
    status: running.status,
    gone: running.gone,
    isAlive: () => answers(running),
    condemn,
    [Symbol.asyncDispose]: () => giveBack(tab),
  };
  return tab;
};

/** What the page believes of its reader outlives documents, and each word of it costs all of them, so only what differs is said again. */
const dress = async (running: Running, look: Look): Promise<void> => {
  const { pane, dressed } = running;
  // A render that ended in the middle of this must not leave the next one with half of it.
  running.dressed = null;
  await pane.drawFull(look);
  if (dressed === null || !isSameReader(dressed, look)) await tellReader(running, look);
  running.dressed = look;
};

const isSameReader = (one: Look, other: Look): boolean =>
  one.locale === other.locale && one.zone === other.zone && one.theme === other.theme;

const tellReader = async ({ page, cdp }: Running, { locale, zone, theme }: Look): Promise<void> => {
  const userAgent = (await page.browser().userAgent()).replace("HeadlessChrome", "Chrome");
  await Promise.all([
    page.emulateTimezone(zone),
    page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: theme },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]),
    cdp.send("Emulation.setUserAgentOverride", { userAgent: `${userAgent} Daybreak`, acceptLanguage: locale }),
    cdp.send("Emulation.setLocaleOverride", { locale: locale.replaceAll("-", "_") }),
  ]);
};

/** Whether a browser that was silent in one call is silent in all. */
const answers = async ({ chromium }: Running): Promise<boolean> => {
  try {
    await within({ name: "a sign of life", ms: 2_000 }, () => chromium.browser.version());
    return true;
  } catch {
    return false;
  }
};

/** Empties the page; false when it can't be emptied, and then the browser must go. */
const isRested = async (running: Running, limits: BrowserLimits): Promise<boolean> => {
  if (running.isCondemned) return false;
  const { page, cdp, guard, recorder, shown } = running;
  try {
    await within({ name: "emptying the page", ms: limits.callMs }, async () => {
      await Promise.race([forget(page, cdp, shown), running.gone]);
      await running.unmark();
      await guard.allow({ pages: [] });
    });
    recorder.reset();
    shown.clear();
    return true;
  } catch {
    return false;
  }
};

const isWorn = async ({ renders, chromium }: Running, limits: BrowserLimits): Promise<boolean> => {
  if (renders >= limits.renders) return true;
  if (renders % weighEvery !== 0) return false;
  return ((await groupMegabytes(chromium.pid)) ?? 0) > limits.megabytes;
};

/** A browser that doesn't answer is not asked to close. */
const endRunning = async ({ chromium, isCondemned }: Running, limits: BrowserLimits): Promise<void> => {
  if (isCondemned) chromium.end();
  else await chromium.close(limits.closeMs);
};

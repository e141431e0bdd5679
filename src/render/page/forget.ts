import { randomUUID } from "node:crypto";
import type { CDPSession, Page } from "puppeteer";

/**
 * What pages keep for themselves and the next recipient must not find: several report servers remember the last filter values there.
 * Cookies (the sign-in) and the HTTP cache (a cold one costs more than the drawing) stay.
 */
const storageTypes = "local_storage,indexeddb,service_workers,cache_storage,file_systems,websql";

/** Frames within pages of another site have a storage apart, which their origin alone doesn't name; this one means all there is. */
const everywhere = "*";

/** Leaves the page for an empty document and clears what `origins` have stored. */
export const forget = async (page: Page, cdp: CDPSession, origins: Iterable<string>): Promise<void> => {
  // A navigation that is still waiting for its answer would hold up the next one.
  await cdp.send("Page.stopLoading");
  await page.goto("about:blank");
  const real = [...origins].filter((origin) => /^https?:/.test(origin));
  await Promise.all(
    [everywhere, ...real].map((origin) => cdp.send("Storage.clearDataForOrigin", { origin, storageTypes })),
  );
  await cdp.send("Page.resetNavigationHistory");
};

/**
 * A tab keeps its session storage and its name as long as it lives, and neither can be reached once the page has gone. So each render has a
 * mark, and the first document of an origin that doesn't find it there empties both before any script of the page runs.
 */
export const forgetSession = async (page: Page): Promise<() => Promise<void>> => {
  const { identifier } = await page.evaluateOnNewDocument(emptySession, randomUUID());
  return () => page.removeScriptToEvaluateOnNewDocument(identifier);
};

interface SessionWindow {
  name: string;
}
declare const sessionStorage: {
  readonly getItem: (key: string) => string | null;
  readonly setItem: (key: string, value: string) => void;
  readonly clear: () => void;
};
declare const window: SessionWindow;

/** Runs in each new document; a document in a sandbox has no storage and throws. */
const emptySession = (mark: string) => {
  try {
    if (sessionStorage.getItem("daybreak-render") === mark) return;
    sessionStorage.clear();
    sessionStorage.setItem("daybreak-render", mark);
    window.name = "";
  } catch {}
};

import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserLimits, type Lending, openBrowser, type WarmBrowser } from "#render/browser.ts";
import { findChromium } from "#render/chromium.ts";
import type { ChromiumInstall } from "#render/launch.ts";
import type { Look, Tab } from "#render/page/tab.ts";

/** Unpacked once for all test files; the folder is the user's own and is kept between runs. */
export const testCacheDir = join(tmpdir(), `daybreak-test-cache-${process.getuid?.() ?? 0}`);

export const testLimits: BrowserLimits = {
  launchMs: 20_000,
  callMs: 15_000,
  closeMs: 3_000,
  renders: 1_000,
  megabytes: 4_000,
};

export const testLook: Look = {
  width: 1000,
  height: 700,
  scale: 1,
  locale: "en-GB",
  zone: "Europe/Berlin",
  theme: "light",
};

/** The Chromium that the tests draw with. */
export const testChromium = (): Promise<ChromiumInstall> => findChromium({ cacheDir: testCacheDir });

/** A browser of its own for one test file. */
export const openTestBrowser = async (limits: Partial<BrowserLimits> = {}): Promise<WarmBrowser> =>
  openBrowser(await testChromium(), { ...testLimits, ...limits });

/** Lends the page for the hosts named, with the look of the tests. */
export const lendTo = (
  browser: WarmBrowser,
  hosts: readonly string[],
  more: Partial<Lending["hosts"]> = {},
): Promise<Tab> => browser.page({ look: testLook, hosts: { pages: hosts, ...more } });

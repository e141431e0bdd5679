/** The two ways to compare with: the original script's, and a loop that does nothing but draw. */

import { type Browser, launch, type Page } from "puppeteer";
import { logAt } from "#app.ts";
import type { ChromiumInstall } from "#render/launch.ts";
import { chromiumOnce } from "#render/painter.ts";
import { home } from "./home.ts";
import { linedPaper, paper, readySelector, viewport } from "./page.ts";
import { account } from "./page-account.ts";

/** The browser that everybody in a round uses. */
export const chromium = chromiumOnce({
  home,
  browser: { path: null, sandbox: "auto", environment: { PATH: process.env["PATH"] ?? "" } },
  log: logAt("silent"),
  onProgress: () => {},
});

const start = (install: ChromiumInstall): Promise<Browser> =>
  launch({
    executablePath: install.path,
    headless: "shell",
    pipe: true,
    args: [...install.args],
    env: { ...install.env },
    defaultViewport: viewport,
  });

const signIn = async (page: Page, url: string): Promise<void> => {
  await page.goto(`${url}/login`);
  await page.type("[name=username]", account.user);
  await page.type("[name=password]", account.password);
  await Promise.all([page.waitForNavigation(), page.click("[type=submit]")]);
};

const viewOf = (url: string, region: string): string => `${url}/sales?Region=${encodeURIComponent(region)}`;

const openView = async (page: Page, address: string): Promise<void> => {
  await page.goto(address, { waitUntil: "domcontentloaded" });
  await page.waitForSelector(readySelector);
};

const picture = (page: Page): Promise<Uint8Array> =>
  page.screenshot({ type: "png", fullPage: true, optimizeForSpeed: true });

const rows = (page: Page, url: string, region: string): Promise<string> =>
  page.evaluate(
    async (address) => (await fetch(address)).text(),
    `${url}/sales.csv?Region=${encodeURIComponent(region)}`,
  );

/** The original script's way: for each recipient and format a command of its own, so a new browser and a new sign-in each time. */
export const drawAsTheOriginal = async (url: string, regions: readonly string[]): Promise<void> => {
  const install = await chromium();
  const formats = [picture, (page: Page) => page.pdf(paper), null] as const;
  for (const region of regions) {
    for (const capture of formats) {
      const browser = await start(install);
      const page = await browser.newPage();
      await signIn(page, url);
      if (capture === null) await rows(page, url, region);
      else {
        await openView(page, viewOf(url, region));
        await capture(page);
      }
      await browser.close();
    }
  }
};

/** Warm browsers, one for each core with one page each, signed in. */
export interface BareLoop extends AsyncDisposable {
  draw(regions: readonly string[]): Promise<void>;
}

/** A loop that does nothing but draw: no proof, no isolation, no record, no limit. */
export const openBareLoop = async (url: string, count: number): Promise<BareLoop> => {
  const install = await chromium();
  const browsers = await Promise.all(Array.from({ length: count }, () => start(install)));
  const pages = await Promise.all(
    browsers.map(async (browser) => {
      const [page = await browser.newPage()] = await browser.pages();
      await page.setViewport(viewport);
      await signIn(page, url);
      return page;
    }),
  );
  const draw = async (regions: readonly string[]): Promise<void> => {
    const left = [...regions];
    await Promise.all(
      pages.map(async (page) => {
        for (let region = left.shift(); region !== undefined; region = left.shift()) {
          await openView(page, viewOf(url, region));
          await picture(page);
          await page.pdf(linedPaper);
          await rows(page, url, region);
        }
      }),
    );
  };
  return { draw, [Symbol.asyncDispose]: async () => void (await Promise.all(browsers.map((one) => one.close()))) };
};

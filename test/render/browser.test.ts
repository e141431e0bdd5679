import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { capturePng } from "#render/page/capture.ts";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { groupMegabytes, groupMembers } from "#render/processes.ts";
import { lendTo, openTestBrowser, testCacheDir } from "../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../support/pages.ts";

let pages: Pages;
beforeAll(async () => {
  pages = await startPages({
    "/": pageOf("<h1>Sales</h1>"),
    "/slow-data": () => {},
    "/waiting": pageOf("<h1>Sales</h1><script>fetch('/slow-data')</script>"),
    "/loop": pageOf("<h1>Sales</h1><script>setTimeout(() => { for (;;); }, 200)</script>"),
    "/where": pageOf(
      "<p id=where></p><script>where.textContent = [navigator.language, new Intl.DateTimeFormat().resolvedOptions().timeZone, matchMedia('(prefers-color-scheme: dark)').matches, (1.5).toLocaleString(), innerWidth].join(' ')</script>",
    ),
  });
});
afterAll(() => pages[Symbol.asyncDispose]());

/** A whole small render; its picture's width. */
const render = async (browser: WarmBrowser): Promise<number> => {
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: pages.url, limitMs: 5_000 });
  await settle(tab, { sign: { selector: "h1" }, limitMs: 5_000, stillMs: 20 });
  return (await capturePng(tab, { clipSelector: null, maxHeightPx: 5_000, limitMs: 5_000 })).width;
};

const processes = (pid: number | null) => groupMembers(pid ?? -1);

const gone = (pid: number | null) =>
  vi.waitFor(async () => expect(await processes(pid)).toEqual([]), { timeout: 5_000 });

const pidOf = (browser: WarmBrowser): number => {
  const pid = browser.pid();
  if (pid === null) throw new Error("there is no browser");
  return pid;
};

test("one browser serves many renders and ends with its processes and its folder", async () => {
  const browser = await openTestBrowser();
  expect(browser.pid()).toBeNull();
  await render(browser);
  const pid = pidOf(browser);
  await render(browser);
  expect(browser.pid()).toBe(pid);
  expect(await groupMegabytes(pid)).toBeGreaterThan(10);
  const profiles = join(testCacheDir, "profiles");
  const own = (await readdir(profiles)).filter((name) => name.includes(`+${process.pid}+`));
  expect(own.length).toBeGreaterThan(0);
  await browser[Symbol.asyncDispose]();
  await gone(pid);
  expect(own.filter((name) => existsSync(join(profiles, name)))).toEqual([]);
});

test("a browser that has been closed is not started by whoever comes late", async () => {
  const browser = await openTestBrowser();
  const asked = lendTo(browser, [pages.host]);
  await browser[Symbol.asyncDispose]();
  await expect(asked).rejects.toMatchObject({ code: "browser.crashed" });
  await expect(lendTo(browser, [pages.host])).rejects.toMatchObject({ code: "browser.crashed" });
  expect(browser.pid()).toBeNull();
});

test("a browser is replaced after its number of renders", async () => {
  await using browser = await openTestBrowser({ renders: 2 });
  await render(browser);
  const first = pidOf(browser);
  await render(browser);
  expect(browser.pid()).toBeNull();
  await gone(first);
  await render(browser);
  expect(browser.pid()).not.toBe(first);
});

test("a browser that holds too much memory is replaced", async () => {
  await using browser = await openTestBrowser({ megabytes: 1 });
  for (let n = 0; n < 10; n += 1) await (await lendTo(browser, [pages.host]))[Symbol.asyncDispose]();
  expect(browser.pid()).toBeNull();
});

test("a browser that is killed in the middle is a fault at once, and the next render works", async () => {
  await using browser = await openTestBrowser();
  const tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}/waiting`, limitMs: 5_000 });
  const pid = pidOf(browser);
  const waiting = settle(tab, { sign: { selector: "#never" }, limitMs: 20_000 });
  const outcome = expect(waiting).rejects.toMatchObject({ code: "browser.crashed", retry: "later" });
  const killedAt = performance.now();
  process.kill(pid, "SIGKILL");
  await outcome;
  expect(performance.now() - killedAt).toBeLessThan(3_000);
  await tab[Symbol.asyncDispose]();
  expect(await render(browser)).toBe(1_000);
  await gone(pid);
});

test("a browser that is stopped is a fault within its bound, and the next render works", async () => {
  await using browser = await openTestBrowser({ callMs: 1_500 });
  const tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: pages.url, limitMs: 5_000 });
  const pid = pidOf(browser);
  for (const member of await processes(pid)) process.kill(member.pid, "SIGSTOP");
  const stoppedAt = performance.now();
  const picture = capturePng(tab, { clipSelector: null, maxHeightPx: 5_000, limitMs: 10_000 });
  await expect(picture).rejects.toMatchObject({ code: "browser.crashed", retry: "later" });
  expect(performance.now() - stoppedAt).toBeLessThan(6_000);
  await tab[Symbol.asyncDispose]();
  expect(await render(browser)).toBe(1_000);
  await gone(pid);
});

test("a page that never stops computing ends its own render only", async () => {
  await using browser = await openTestBrowser({ callMs: 1_500 });
  const tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}/loop`, limitMs: 5_000 });
  const waiting = settle(tab, { sign: { selector: "#never" }, limitMs: 3_000 });
  await expect(waiting).rejects.toMatchObject({ retry: "later" });
  await tab[Symbol.asyncDispose]();
  expect(await render(browser)).toBe(1_000);
});

test("a program that is killed leaves no browser behind, and its folder goes with the next one", async () => {
  const script = `import { lendTo, openTestBrowser } from "./test/support/browsers.ts";
    const browser = await openTestBrowser();
    await lendTo(browser, []);
    console.log(browser.pid());`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    cwd: join(import.meta.dirname, "../.."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed] = await once(child.stdout, "data");
  const pid = Number(String(printed));
  expect((await processes(pid)).length).toBeGreaterThan(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  await gone(pid);
  await using browser = await openTestBrowser();
  await render(browser);
  const left = (await readdir(join(testCacheDir, "profiles"))).filter((name) => name.includes(`+${child.pid}+`));
  expect(left).toEqual([]);
});

test("two workers draw at once, each in its own browser", async () => {
  await using one = await openTestBrowser();
  await using two = await openTestBrowser();
  expect(await Promise.all([render(one), render(two)])).toEqual([1_000, 1_000]);
  expect(one.pid()).not.toBe(two.pid());
});

test("an aborted phase ends at once", async () => {
  await using browser = await openTestBrowser();
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}/waiting`, limitMs: 5_000 });
  const stop = new AbortController();
  const waiting = settle(tab, { sign: { selector: "#never" }, limitMs: 20_000, signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: "run.aborted" });
});

test("the page believes its reader's language, zone, theme and width, anew in each render", async () => {
  await using browser = await openTestBrowser();
  const seen: string[] = [];
  const look = { height: 600, scale: 2 };
  for (const more of [
    { locale: "de-DE", zone: "Europe/Berlin", theme: "dark", width: 420 },
    { locale: "ja", zone: "Asia/Tokyo", theme: "light", width: 1200 },
  ] as const) {
    await using tab = await browser.page({ look: { ...look, ...more }, hosts: { pages: [pages.host] } });
    await open(tab, { url: `${pages.url}/where`, limitMs: 5_000 });
    seen.push(String(await tab.page.$eval("#where", (element) => element.textContent)));
  }
  expect(seen).toEqual(["de-DE Europe/Berlin true 1,5 420", "ja Asia/Tokyo false 1.5 1200"]);
});

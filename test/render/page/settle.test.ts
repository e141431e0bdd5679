import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { open } from "#render/page/open.ts";
import { type SettleOptions, settle } from "#render/page/settle.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;

const tile = (name: string, state: string) =>
  `<section data-tile="${name}" data-state="${state}"><h2>${name} by region</h2></section>`;
const after = (ms: number, script: string) => `<script>setTimeout(() => { ${script} }, ${ms})</script>`;

beforeAll(async () => {
  browser = await openTestBrowser();
  pages = await startPages({
    "/done": pageOf(`<main data-ready="true">${tile("Sales", "done")}${tile("Stock", "done")}</main>`),
    "/later": pageOf(
      `<main>${tile("Sales", "loading")}</main>${after(300, "document.querySelector('[data-tile]').dataset.state = 'done'; document.querySelector('main').dataset.ready = 'true'; window.isReady = true; document.body.append('1,204')")}`,
    ),
    "/stuck": pageOf(
      `<main>${tile("Sales", "done")}${tile("Stock", "loading")}</main><script>fetch("/silent?customer=Smith")</script>`,
    ),
    "/silent": () => {},
    "/moving": pageOf(
      "<h1>Sales</h1><p id=n></p><script>setInterval(() => { n.textContent = performance.now() }, 5)</script>",
    ),
    "/empty": pageOf(""),
    "/chain": pageOf(
      `<h1>Sales</h1>${after(150, "fetch('/data').then(() => setTimeout(() => fetch('/data').then(() => document.body.append('drawn')), 150))")}`,
    ),
    "/data": (_, response) =>
      void setTimeout(() => response.writeHead(200, { "content-type": "application/json" }).end('{"a":1}'), 100),
    "/lazy":
      pageOf(`${Array.from({ length: 12 }, (_, n) => `<section data-tile="t${n}" data-state="loading" style="height:400px">t${n}</section>`).join("")}
      <script>for (const one of document.querySelectorAll("section")) new IntersectionObserver(([seen], io) => { if (seen.isIntersecting) { one.dataset.state = "done"; one.append(" drawn"); } }).observe(one)</script>`),
    "/inner": pageOf(
      `<style>html,body{margin:0;height:100%}main{height:100vh;overflow:auto}section{height:400px}</style><main>${Array.from({ length: 6 }, (_, n) => `<section>${n}</section>`).join("")}</main>`,
    ),
    "/stretching": pageOf(
      `<style>body{margin:0}section{height:60vh}</style>${Array.from({ length: 6 }, (_, n) => `<section>${n}</section>`).join("")}`,
    ),
    "/goes-on": pageOf(`<h1>Please wait</h1>${after(100, "location.href = '/done'")}`),
    "/stream": pageOf("<h1>Sales</h1><script>new EventSource('/silent'); navigator.sendBeacon('/silent')</script>"),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

const marks = { tile: "[data-tile]", brokenTile: '[data-state="error"]' };
const allTiles = { attribute: { selector: "[data-tile]", name: "data-state", value: "done" } };

const settling = async (path: string, options: Partial<SettleOptions> = {}) => {
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
  const settled = await settle(tab, { sign: null, marks, limitMs: 8_000, quietMs: 200, stillMs: 100, ...options });
  return {
    ...settled,
    window: tab.pane.size()?.height,
    text: await tab.page.$eval("body", (body) => body.textContent),
  };
};

test.each<[string, SettleOptions["sign"]]>([
  ["a selector", { selector: "main[data-ready=true]" }],
  ["an attribute that all elements must have", allTiles],
  ["an expression", { js: "window.isReady === true" }],
])("%s as the sign is waited for", async (_, sign) => {
  const { tiles, text } = await settling("/later", { sign });
  expect(tiles).toEqual([{ name: "Sales by region", state: "done" }]);
  expect(text).toContain("1,204");
});

test("an attribute sign is not met by a page without a single such element", async () => {
  await expect(settling("/empty", { sign: allTiles, limitMs: 300 })).rejects.toMatchObject({
    code: "render.not-settled",
  });
});

test("an expression that throws is no sign", async () => {
  await expect(settling("/done", { sign: { js: "window.absent.ready" }, limitMs: 300 })).rejects.toMatchObject({
    message: expect.stringContaining("window.absent.ready"),
  });
});

test("a tile that never loads is named with the request that it waits for, and the request's filters are not", async () => {
  const error = await settling("/stuck", { sign: allTiles, limitMs: 600 }).catch((fault: unknown) => fault);
  expect(error).toMatchObject({
    code: "render.not-settled",
    retry: "later",
    message: expect.stringMatching(/Missing: the ready sign.*data-state="done".*“Stock by region”.*\/silent \(\d/),
  });
  expect(String(error)).not.toContain("Smith");
  expect(String(error)).not.toContain("“Sales by region”");
});

test("without a sign a busy mark or an open request keeps the view unsettled", async () => {
  await expect(settling("/stuck", { limitMs: 600 })).rejects.toMatchObject({
    message: expect.stringMatching(/a quiet network.*marks of loading/),
  });
});

test("without a sign requests that follow each other are all waited for", async () => {
  const { text } = await settling("/chain");
  expect(text).toContain("drawn");
});

test("an event stream and a beacon don't keep a view unsettled", async () => {
  expect((await settling("/stream")).tookMs).toBeLessThan(6_000);
});

test("an empty page never settles without a sign", async () => {
  await expect(settling("/empty", { limitMs: 400 })).rejects.toMatchObject({
    message: expect.stringContaining("anything to see"),
  });
});

test("a page that keeps moving never settles", async () => {
  await expect(settling("/moving", { limitMs: 800 })).rejects.toMatchObject({
    message: expect.stringContaining("two equal pictures"),
  });
});

test("tiles that draw only when seen are all drawn", async () => {
  const { tiles, window } = await settling("/lazy", { sign: allTiles });
  expect(tiles.filter(({ state }) => state === "done")).toHaveLength(12);
  expect(window).toBeGreaterThanOrEqual(4_800);
});

test("tiles of a page that is too tall for one window are scrolled to", async () => {
  const { tiles, window } = await settling("/lazy", { sign: allTiles, maxHeightPx: 2_000 });
  expect(tiles.filter(({ state }) => state === "done")).toHaveLength(12);
  expect(window).toBe(700);
});

test("a container that scrolls the whole view is laid out in full", async () => {
  expect((await settling("/inner")).window).toBe(2_400);
});

test("a page that grows with its window is left at its size", async () => {
  expect((await settling("/stretching")).window).toBe(700);
});

test("a page that goes on to the real one is waited for", async () => {
  const { tiles } = await settling("/goes-on", { sign: { selector: "main[data-ready=true]" } });
  expect(tiles.map(({ name }) => name)).toEqual(["Sales by region", "Stock by region"]);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;

/** Reads all that a page can remember, shows it, and then remembers something. */
const remembering = `<p id=seen></p><script type=module>
  const database = () => new Promise((done) => { const ask = indexedDB.open("filters"); ask.onupgradeneeded = () => ask.result.createObjectStore("last"); ask.onsuccess = () => done(ask.result); });
  const db = await database();
  const kept = await new Promise((done) => { const ask = db.transaction("last").objectStore("last").get("region"); ask.onsuccess = () => done(ask.result); });
  const root = await navigator.storage.getDirectory();
  const files = []; for await (const name of root.keys()) files.push(name);
  seen.textContent = JSON.stringify({ local: localStorage.getItem("region"), session: sessionStorage.getItem("region"), kept: kept ?? null,
    caches: (await caches.keys()).length, workers: (await navigator.serviceWorker.getRegistrations()).length, files: files.length,
    name: window.name, cookie: document.cookie, history: history.length });
  localStorage.setItem("region", "North"); sessionStorage.setItem("region", "North"); window.name = "North"; document.cookie = "session=kept";
  db.transaction("last", "readwrite").objectStore("last").put("North", "region");
  await caches.open("North"); await navigator.serviceWorker.register("/worker.js").catch(() => {}); await root.getFileHandle("North", { create: true });
  history.pushState({}, "", "?region=North");
  document.body.dataset.done = "true";
</script>`;

beforeAll(async () => {
  browser = await openTestBrowser();
  const framed = () => `${remembering}<iframe src="http://localhost:${new URL(pages.url).port}/framed"></iframe>`;
  pages = await startPages({
    "/": (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end(pageOf(framed())),
    "/framed": pageOf(
      "<script>const was = [localStorage.getItem('region'), sessionStorage.getItem('region')].map(String).join(''); localStorage.setItem('region', 'North'); sessionStorage.setItem('region', 'North'); parent.postMessage(was, '*'); fetch('/was?' + was)</script>",
    ),
    "/was": "",
    "/worker.js": (_, response) =>
      void response
        .writeHead(200, { "content-type": "text/javascript" })
        .end("self.addEventListener('fetch', () => {})"),
    "/cached.js": (_, response) =>
      void response
        .writeHead(200, { "content-type": "text/javascript", "cache-control": "max-age=3600" })
        .end("document.title = 'cached'"),
    "/uses-cache": pageOf("<h1>Sales</h1><script src=/cached.js></script>"),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

const seen = async (): Promise<unknown> => {
  await using tab = await lendTo(browser, [pages.host, `localhost:${new URL(pages.url).port}`]);
  await open(tab, { url: pages.url, limitMs: 5_000 });
  await settle(tab, { sign: { selector: "[data-done]" }, limitMs: 8_000, stillMs: 20 });
  return JSON.parse(String(await tab.page.$eval("#seen", (element) => element.textContent)));
};

test("nothing that one render's pages remember is there in the next but the cookies", async () => {
  const nothing = { local: null, session: null, kept: null, caches: 0, workers: 0, files: 0, name: "" };
  expect(await seen()).toMatchObject({ ...nothing, cookie: "", history: 2 });
  expect(await seen()).toMatchObject({ ...nothing, cookie: "session=kept", history: 2 });
  expect(await seen()).toMatchObject({ ...nothing, cookie: "session=kept", history: 2 });
});

test("a frame from another host remembers nothing either", async () => {
  await seen();
  await seen();
  expect(new Set(pages.asked.filter((one) => one.includes("/was?")))).toEqual(new Set(["GET /was?nullnull"]));
});

test("within one render the page keeps what it remembers", async () => {
  await using tab = await lendTo(browser, [pages.host, `localhost:${new URL(pages.url).port}`]);
  for (const _ of [1, 2]) {
    await open(tab, { url: pages.url, limitMs: 5_000 });
    await settle(tab, { sign: { selector: "[data-done]" }, limitMs: 8_000, stillMs: 20 });
  }
  expect(await tab.page.$eval("#seen", (element) => element.textContent)).toContain('"session":"North"');
});

test("the HTTP cache stays warm", async () => {
  for (const _ of [1, 2, 3]) {
    await using tab = await lendTo(browser, [pages.host]);
    await open(tab, { url: `${pages.url}/uses-cache`, limitMs: 5_000 });
    await settle(tab, { sign: { js: "document.title === 'cached'" }, limitMs: 5_000, stillMs: 20 });
  }
  expect(pages.asked.filter((one) => one === "GET /cached.js")).toHaveLength(1);
});

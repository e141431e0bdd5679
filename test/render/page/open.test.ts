import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;
let foreign: Pages;
const metadata = "http://169.254.169.254/latest/meta-data/";
const generous = { sign: null, limitMs: 10_000, quietMs: 100, stillMs: 50 };

beforeAll(async () => {
  browser = await openTestBrowser();
  foreign = await startPages({
    "/": pageOf("<h1>Somewhere else</h1>"),
    "/picture.svg": (_, response) => void response.writeHead(200, { "content-type": "image/svg+xml" }).end("<svg/>"),
  });
  const status = (code: number) => (_: unknown, response: import("node:http").ServerResponse) =>
    void response.writeHead(code, { "content-type": "text/html" }).end("<h1>Trouble</h1>");
  const redirect = (to: string) => (_: unknown, response: import("node:http").ServerResponse) =>
    void response.writeHead(302, { location: to }).end();
  pages = await startPages({
    "/": pageOf("<h1>Sales</h1>"),
    "/500": status(500),
    "/404": status(404),
    "/401": status(401),
    "/silent": () => {},
    "/to-foreign": redirect(`${foreign.url}/`),
    "/to-metadata": redirect(metadata),
    "/leaves": pageOf(`<h1>Sales</h1><script>setTimeout(() => { location.href = "${foreign.url}/" }, 50)</script>`),
    "/leaves-to-metadata": pageOf(`<h1>Sales</h1><script>location.href = "${metadata}"</script>`),
    "/parts": pageOf(`<h1>Sales</h1><img src="${foreign.url}/picture.svg"><iframe src="${foreign.url}/"></iframe>`),
    "/picture-of-metadata": pageOf(`<h1>Sales</h1><img src="${metadata}"><img src="http://metadata.google.internal/">`),
    "/redirected-picture": redirect(`${foreign.url}/picture.svg`),
    "/shows-redirected": pageOf('<h1>Sales</h1><img src="/redirected-picture">'),
    "/worker": pageOf(
      `<h1>Sales</h1><script>new Worker(URL.createObjectURL(new Blob(["fetch('${foreign.url}/', {mode:'no-cors'})"])))</script>`,
    ),
    "/socket": pageOf(`<h1>Sales</h1><script>new WebSocket("${foreign.url.replace("http", "ws")}/socket")</script>`),
    "/own-socket": pageOf(
      '<h1>Sales</h1><script>new WebSocket(location.origin.replace("http", "ws") + "/socket")</script>',
    ),
    "/pops-up": pageOf(`<h1>Sales</h1><script>window.open("${foreign.url}/")</script>`),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
  await foreign[Symbol.asyncDispose]();
});

const opening = async (path: string, limitMs = 5_000) => {
  await using tab = await lendTo(browser, [pages.host]);
  return await open(tab, { url: `${pages.url}${path}`, limitMs });
};

test("a page that answers is open", async () => {
  expect(await opening("/")).toEqual({ url: `${pages.url}/`, status: 200 });
});

test.each([
  ["/500", "render.error-page", "later"],
  ["/404", "render.error-page", "never"],
  ["/401", "server.signin", "later"],
])("%s is %s", async (path, code, retry) => {
  await expect(opening(path)).rejects.toMatchObject({ code, retry });
});

test("a server that says nothing is unreachable within the limit", async () => {
  await expect(opening("/silent", 400)).rejects.toMatchObject({ code: "server.unreachable", retry: "later" });
});

test("a server that isn't there is unreachable", async () => {
  await using tab = await lendTo(browser, ["127.0.0.1:9"]);
  const opened = open(tab, { url: "http://127.0.0.1:9/", limitMs: 5_000 });
  await expect(opened).rejects.toMatchObject({ code: "server.unreachable" });
});

test("a redirect to another host is refused and named, and the host is never asked", async () => {
  const before = foreign.asked.length;
  const refused = { code: "server.host-refused", message: expect.stringContaining(foreign.host) };
  await expect(opening("/to-foreign")).rejects.toMatchObject(refused);
  expect(foreign.asked).toHaveLength(before);
});

test("a page that goes to another host by itself ends the render", async () => {
  const before = foreign.asked.length;
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}/leaves`, limitMs: 5_000 });
  await expect(settle(tab, generous)).rejects.toMatchObject({ code: "server.host-refused" });
  expect(foreign.asked).toHaveLength(before);
});

test("the metadata address is refused by redirect, by script and as a picture, even when it is listed", async () => {
  for (const path of ["/to-metadata", "/leaves-to-metadata", "/picture-of-metadata"]) {
    await using tab = await lendTo(browser, [pages.host, "169.254.169.254"], { parts: ["*"] });
    const render = async () => {
      await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
      await settle(tab, generous);
    };
    await expect(render(), path).rejects.toMatchObject({
      code: "server.host-refused",
      message: expect.stringMatching(/169\.254\.169\.254|metadata\.google\.internal/),
    });
  }
});

test("parts from other hosts are left out, and loaded where they are allowed", async () => {
  for (const [parts, asked] of [
    [[], 0],
    [[foreign.host], 2],
    [["*"], 0],
  ] as const) {
    const before = foreign.asked.length;
    await using tab = await lendTo(browser, [pages.host], { parts });
    await open(tab, { url: `${pages.url}/parts`, limitMs: 5_000 });
    await settle(tab, generous);
    expect(foreign.asked.length - before, `allowed: ${parts.join()}`).toBe(asked);
    expect(tab.guard.refusals().length).toBe(2 - asked);
  }
});

test("workers, sockets and new windows don't reach other hosts", async () => {
  for (const path of ["/worker", "/socket", "/pops-up"]) {
    const before = foreign.asked.length;
    await using tab = await lendTo(browser, [pages.host]);
    await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
    await settle(tab, generous);
    expect(foreign.asked.length, path).toBe(before);
    expect(await tab.page.browser().pages(), path).toHaveLength(1);
  }
});

test("a socket to the report server itself is let through", async () => {
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}/own-socket`, limitMs: 5_000 });
  await settle(tab, generous);
  expect(pages.asked).toContain("GET /socket");
});

test("the headers of the sign-in go to the report server alone, also after a redirect", async () => {
  await using tab = await lendTo(browser, [pages.host], {
    parts: [foreign.host],
    headers: { Authorization: "Bearer secret" },
  });
  for (const path of ["/shows-redirected", "/parts"]) {
    await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
    await settle(tab, generous);
  }
  expect(pages.headersOf("/shows-redirected")?.authorization).toBe("Bearer secret");
  expect(pages.headersOf("/redirected-picture")?.authorization).toBe("Bearer secret");
  expect(foreign.asked).toContain("GET /picture.svg");
  expect(foreign.headersOf("/picture.svg")?.authorization).toBeUndefined();
  expect(foreign.headersOf("/")?.authorization).toBeUndefined();
});

test("nothing is let through between renders", async () => {
  const tab = await lendTo(browser, [pages.host]);
  await tab[Symbol.asyncDispose]();
  const before = pages.asked.length;
  await expect(tab.page.goto(`${pages.url}/`, { timeout: 3_000 })).rejects.toThrow("ERR_BLOCKED_BY_CLIENT");
  expect(pages.asked).toHaveLength(before);
});

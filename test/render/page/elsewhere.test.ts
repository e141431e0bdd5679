/** Ways to other hosts that no address shows: names that resolve to forbidden places, pages that send themselves on, workers. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

// No test can own names in the real DNS that resolve to a cloud's metadata; everything else is asked for real.
const names: Readonly<Record<string, readonly string[]>> = {
  "rebound.example.com": ["169.254.169.254"],
  "half.example.com": ["93.184.215.14", "169.254.170.2"],
  "six.example.com": ["fd00:ec2::254"],
  "mapped.example.com": ["::ffff:169.254.169.254"],
};
vi.mock("node:dns/promises", async (original) => {
  const real = await original<typeof import("node:dns/promises")>();
  const lookup = async (name: string, options: { all: true }) =>
    names[name]?.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })) ?? real.lookup(name, options);
  return { ...real, lookup, default: { ...real, lookup } };
});

let browser: WarmBrowser;
let pages: Pages;
let foreign: Pages;
const generous = { sign: null, limitMs: 10_000, quietMs: 100, stillMs: 50 };

beforeAll(async () => {
  browser = await openTestBrowser();
  foreign = await startPages({ "/": pageOf("<h1>Somewhere else</h1>") });
  const refresh = (to: string, after = 0) =>
    pageOf("<h1>Sales</h1>", `<meta http-equiv="refresh" content="${after};url=${to}">`);
  pages = await startPages({
    "/": pageOf("<h1>Sales</h1>"),
    "/refreshes": refresh(`${foreign.url}/`),
    "/refreshes-to-metadata": refresh("http://169.254.169.254/latest/meta-data/"),
    "/refreshes-by-header": (_, response) =>
      void response
        .writeHead(200, { "content-type": "text/html", refresh: `0; url=${foreign.url}/` })
        .end(pageOf("<h1>Sales</h1>")),
    "/picture": pageOf('<h1>Sales</h1><img src="http://rebound.example.com/latest/meta-data/">'),
    "/rows": (_, response) =>
      void response.writeHead(200, { "content-type": "application/json" }).end('[{"Region":"North"}]'),
    "/worker.js": (_, response) =>
      void response.writeHead(200, { "content-type": "text/javascript" }).end('fetch("/rows?Region=North")'),
    "/works": pageOf('<h1>Sales</h1><script>new Worker("/worker.js")</script>'),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
  await foreign[Symbol.asyncDispose]();
});

test.each(Object.keys(names))(
  "a server whose name %s resolves to an address of the machine itself is never asked",
  async (name) => {
    await using tab = await lendTo(browser, [name]);
    const opened = open(tab, { url: `http://${name}/`, limitMs: 5_000 });
    await expect(opened).rejects.toMatchObject({ code: "server.host-refused", message: expect.stringContaining(name) });
  },
);

test("a picture from such a name ends the render, also where pictures may come from anywhere", async () => {
  await using tab = await lendTo(browser, [pages.host], { parts: ["*"] });
  const render = async (): Promise<void> => {
    await open(tab, { url: `${pages.url}/picture`, limitMs: 5_000 });
    await settle(tab, generous);
  };
  await expect(render()).rejects.toMatchObject({ code: "server.host-refused" });
});

test.each(["/refreshes", "/refreshes-to-metadata", "/refreshes-by-header"])(
  "%s: a page that sends itself on to another host ends the render, and the host is never asked",
  async (path) => {
    await using tab = await lendTo(browser, [pages.host]);
    const render = async (): Promise<void> => {
      await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
      await settle(tab, generous);
    };
    await expect(render()).rejects.toMatchObject({ code: "server.host-refused" });
    expect(foreign.asked).toEqual([]);
  },
);

test("what a page's worker asks for is recorded like the page's own requests", async () => {
  await using tab = await lendTo(browser, [pages.host]);
  await open(tab, { url: `${pages.url}/works`, limitMs: 5_000 });
  await settle(tab, generous);
  const asked = await tab.recorder.requests();
  expect(asked).toContainEqual(
    expect.objectContaining({ as: "asked", url: `${pages.url}/rows?Region=North`, status: 200 }),
  );
});

import { expect, test } from "vitest";
import { open } from "#render/page/open.ts";
import { settle } from "#render/page/settle.ts";
import { lendTo, openTestBrowser } from "../../support/browsers.ts";
import { pageOf, startPages } from "../../support/pages.ts";

const json = (body: string) => (_: unknown, response: import("node:http").ServerResponse) =>
  void response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(body);

test("the data requests of a page load are kept with what they sent and got, and nothing of the load before", async () => {
  const script = `
    await fetch("/data/sales?Region=North").then((r) => r.json());
    await fetch("/query", { method: "POST", body: JSON.stringify({ region: "日本", filler: "x".repeat(70000) }) });
    const asked = new XMLHttpRequest(); asked.open("GET", "/data/broken"); asked.send(); await new Promise((r) => asked.onloadend = r);
    await fetch("/data/huge").then((r) => r.text());
    await fetch("/silent", { signal: AbortSignal.timeout(100) }).catch(() => {});
    document.body.dataset.done = "true";`;
  await using pages = await startPages({
    "/": pageOf(`<h1>Sales</h1><img src="/picture.png"><script type=module>${script}</script>`),
    "/data/sales": json('{"rows":[{"Region":"North"}]}'),
    "/query": json("[1,2]"),
    "/data/broken": (_, response) => void response.writeHead(500, { "content-type": "text/plain" }).end("no"),
    "/data/huge": json(`"${"x".repeat(17_000_000)}"`),
    "/silent": () => {},
  });
  await using browser = await openTestBrowser();
  const first = await lendTo(browser, [pages.host]);
  await open(first, { url: pages.url, limitMs: 5_000 });
  await settle(first, { sign: { selector: "[data-done]" }, limitMs: 8_000, stillMs: 20 });
  const recorded = await first.recorder.requests();
  expect(recorded.filter(({ as }) => as === "loaded").map(({ url }) => url.replace(pages.url, ""))).toEqual([
    "/picture.png",
  ]);
  const requests = recorded.filter(({ as }) => as === "asked");
  expect(requests.map(({ method, url, status }) => [method, url.replace(pages.url, ""), status])).toEqual([
    ["GET", "/data/sales?Region=North", 200],
    ["POST", "/query", 200],
    ["GET", "/data/broken", 500],
    ["GET", "/data/huge", 200],
    ["GET", "/silent", 0],
  ]);
  expect(requests.map((one) => one.json)).toEqual([
    { rows: [{ Region: "North" }] },
    [1, 2],
    undefined,
    undefined,
    undefined,
  ]);
  expect(requests.filter(({ isTooLarge }) => isTooLarge).map(({ url }) => url)).toEqual([`${pages.url}/data/huge`]);
  expect(requests[1]?.postBody).toMatch(/^\{"region":"日本"/);
  expect(requests[1]?.postBody?.length).toBeLessThanOrEqual(65_536);
  await first[Symbol.asyncDispose]();
  await using second = await lendTo(browser, [pages.host]);
  expect(await second.recorder.requests()).toEqual([]);
});

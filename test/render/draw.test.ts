import { expect, test } from "vitest";
import { drawView } from "#render/draw.ts";
import { serverOf } from "#render/servers/kinds.ts";
import { lendTo, openTestBrowser } from "../support/browsers.ts";
import { pageOf, startPages } from "../support/pages.ts";
import { settingsOf, viewOf } from "./servers/settings.ts";

test.each([
  ["another host", (other: string) => `${other}/rows`],
  ["a file of the machine", () => "file:///etc/passwd"],
])("rows are not fetched from %s, since their address carries people's filters", async (_, addressOf) => {
  await using other = await startPages({
    "/rows": (_asked, response) =>
      void response
        .writeHead(200, { "content-type": "text/csv", "access-control-allow-origin": "*" })
        .end("Region\nNorth\n"),
  });
  await using pages = await startPages({ "/sales": pageOf("<h1>Sales</h1><p>12</p>") });
  const server = serverOf(settingsOf("web", { url: pages.url, hosts: [pages.host] }));
  const view = { ...viewOf("sales"), csv: { url: addressOf(other.url) } };
  const request = {
    ...{ key: "k", version: "v", view, filters: { Region: ["North"] }, locale: "en", zone: "UTC" },
    ...{ formats: ["png", "csv"] as const, elements: [], nominal: "2026-11-20T06:00:00Z" },
  };
  const limits = { openTimeoutMs: 5_000, captureTimeoutMs: 5_000, exportTimeoutMs: 5_000 };
  await using browser = await openTestBrowser();
  await using tab = await lendTo(browser, [pages.host], { parts: ["*", other.host] });
  const drawing = drawView(tab, { request, server, filters: [], limits, signal: AbortSignal.timeout(20_000) });
  await expect(drawing).rejects.toMatchObject({ code: "server.host-refused" });
  expect(other.asked).toEqual([]);
});

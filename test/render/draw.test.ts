import sharp from "sharp";
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

const moving = (frames: number) => `<h1 data-done>Sales</h1><div style="width: 400px; background: black"></div><script>
  let height = 0;
  const grow = () => {
    height += 1;
    document.querySelector("div").style.height = Math.min(height, ${frames}) + "px";
    if (height < ${frames}) requestAnimationFrame(grow);
  };
  grow();
</script>`;

/** Whether the lowest line of a picture's black box, `frames` pixels tall, is black. */
const isComplete = async (png: Uint8Array, frames: number): Promise<boolean> => {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const column = Array.from({ length: info.height }, (_, y) => data[(y * info.width + 100) * 3] ?? 255);
  return column.filter((value) => value < 20).length >= frames;
};

test("a view that still moves after its sign is waited for, and its picture is taken again", async () => {
  const frames = 60;
  await using pages = await startPages({ "/sales": pageOf(moving(frames)) });
  const server = serverOf(
    settingsOf("web", { url: pages.url, hosts: [pages.host], ready: { selector: "[data-done]" } }),
  );
  const request = {
    ...{ key: "k", version: "v", view: viewOf("sales"), filters: "all" as const, locale: "en", zone: "UTC" },
    ...{ formats: ["png"] as const, elements: [], nominal: "2026-11-20T06:00:00Z" },
  };
  const limits = { openTimeoutMs: 5_000, captureTimeoutMs: 5_000, exportTimeoutMs: 5_000 };
  await using browser = await openTestBrowser();
  await using tab = await lendTo(browser, [pages.host]);
  const drawn = await drawView(tab, { request, server, filters: [], limits, signal: AbortSignal.timeout(20_000) });
  const [picture] = drawn.files;
  expect(await isComplete(picture?.bytes ?? new Uint8Array(), frames)).toBe(true);
});

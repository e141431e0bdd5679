import { PDFDocument } from "pdf-lib";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { capturePng } from "#render/page/capture.ts";
import { open } from "#render/page/open.ts";
import { capturePdf } from "#render/page/pdf.ts";
import { settle } from "#render/page/settle.ts";
import type { Look, Tab } from "#render/page/tab.ts";
import { openTestBrowser, testLook } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;
const plain = "<style>body{margin:0}</style>";
beforeAll(async () => {
  browser = await openTestBrowser();
  pages = await startPages({
    "/dashboard": pageOf(
      `${plain}<nav style="height:50px">Menu</nav><main style="margin:0 100px;height:300px;background:#08f">Sales</main>`,
    ),
    "/tall": pageOf(`${plain}<div style="height:60000px;background:linear-gradient(red,blue)">Sales</div>`),
    "/long": pageOf(
      `${plain}${Array.from({ length: 30 }, (_, n) => `<div style="height:100px;background:hsl(${n * 12} 60% 60%)">${n}</div>`).join("")}`,
    ),
    "/tiles": pageOf(
      `${plain}${Array.from({ length: 7 }, (_, n) => `<section class=tile style="height:500px;background:#eee">Tile ${n}</section>`).join("")}`,
    ),
    "/leaves": pageOf(
      `${plain}<h1>Sales</h1><script>addEventListener("beforeprint", () => { location.href = "/dashboard" })</script>`,
    ),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

const limits = { maxHeightPx: 20_000, limitMs: 20_000 };

const drawn = async (path: string, more: Partial<Look> = {}): Promise<Tab> => {
  const tab = await browser.page({ look: { ...testLook, ...more }, hosts: { pages: [pages.host] } });
  await open(tab, { url: `${pages.url}${path}`, limitMs: 5_000 });
  await settle(tab, { sign: { selector: "body *" }, limitMs: 10_000, stillMs: 20 });
  return tab;
};

test("a picture is as wide as the page and as tall as what is on it", async () => {
  await using tab = await drawn("/dashboard");
  expect(await capturePng(tab, { clipSelector: null, ...limits })).toMatchObject({ width: 1_000, height: 350 });
});

test("a picture of the dashboard leaves out the server's own frame, at the scale of the look", async () => {
  await using tab = await drawn("/dashboard", { scale: 2 });
  const png = await capturePng(tab, { clipSelector: "main", ...limits });
  expect(png).toMatchObject({ width: 1_600, height: 600 });
  const { channels } = await sharp(png.bytes).stats();
  expect(channels.map(({ max }) => max)).toEqual([0, 136, 255]);
});

test("a dashboard that isn't there is a fault", async () => {
  await using tab = await drawn("/dashboard");
  await expect(capturePng(tab, { clipSelector: ".absent", ...limits })).rejects.toMatchObject({ code: "render.blank" });
});

test("what lies below the window is on the picture", async () => {
  await using tab = await drawn("/long");
  const { bytes, height } = await capturePng(tab, { clipSelector: null, ...limits });
  expect(height).toBe(3_000);
  const bottom = await sharp(bytes).extract({ left: 500, top: 2_950, width: 1, height: 1 }).raw().toBuffer();
  expect([...bottom.subarray(0, 3)]).not.toEqual([255, 255, 255]);
});

test("a page of 60,000 px is refused for picture and PDF, with both figures", async () => {
  await using tab = await drawn("/tall");
  const tooLarge = { code: "render.too-large", message: expect.stringMatching(/60000 px.*20000 px/) };
  await expect(capturePng(tab, { clipSelector: null, ...limits })).rejects.toMatchObject(tooLarge);
  await expect(capturePdf(tab, { tileSelector: null, ...limits })).rejects.toMatchObject(tooLarge);
});

test("a PDF is on A4 pages that end between tiles", async () => {
  await using tab = await drawn("/tiles");
  const bytes = await capturePdf(tab, {
    tileSelector: ".tile",
    header: { left: "Sales & <Stock>", right: "North" },
    footer: "Daybreak",
    ...limits,
  });
  const pdf = await PDFDocument.load(bytes);
  expect(pdf.getPages().map((page) => [Math.round(page.getWidth()), Math.round(page.getHeight())])).toEqual(
    // 7 tiles of 500 px at a width of 1000 px: two fit on the 261 mm between header and footer, a third would be cut.
    Array.from({ length: 4 }, () => [596, 842]),
  );
});

test("a page that goes elsewhere while it is captured is a fault", async () => {
  await using tab = await drawn("/leaves");
  const printed = capturePdf(tab, { tileSelector: null, ...limits }).then(() =>
    capturePng(tab, { clipSelector: "h1", ...limits }),
  );
  await expect(printed).rejects.toMatchObject({ code: expect.stringMatching(/render\.(not-settled|blank)/) });
});

import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WarmBrowser } from "#render/browser.ts";
import { capturePng } from "#render/page/capture.ts";
import { open } from "#render/page/open.ts";
import { pictureOf } from "#render/page/picture.ts";
import { settle } from "#render/page/settle.ts";
import type { Look, Tab } from "#render/page/tab.ts";
import { openTestBrowser, testLook } from "../../support/browsers.ts";
import { type Pages, pageOf, startPages } from "../../support/pages.ts";

let browser: WarmBrowser;
let pages: Pages;

/** What a browser draws in ways of its own: layers that promise to move, large pictures, canvases, frames, turned and fixed parts. */
const varied = `<style>body{margin:0;font:13px sans-serif}div{height:300px}</style>
<div style="will-change:transform;width:400px">Units that are about to move</div>
<div style="transform:perspective(400px) rotateY(20deg);width:300px">Turned</div>
<div style="position:fixed;top:0;right:0;height:40px">Fixed</div>
<img src="/noise.png" width=500 height=400><iframe srcdoc="<h1>Within</h1><p>small words</p>"></iframe>
<canvas width=400 height=200></canvas><svg width=300 height=100><text y=40>Words in a drawing</text><circle r=30 cx=200 cy=50 fill=red /></svg>
<div style="filter:blur(1px);opacity:.7">Soft</div>
<script>const pen = document.querySelector("canvas").getContext("2d"); for (let n = 0; n < 40; n += 1) { pen.moveTo(n * 10, 0); pen.lineTo(400 - n * 10, 200); } pen.stroke();</script>`;

beforeAll(async () => {
  const size = 2_400;
  const noise = Buffer.from(
    Uint32Array.from({ length: size * size }, (_, n) => Math.imul(n, 2_654_435_761) >>> 0).buffer,
  );
  const png = await sharp(noise, { raw: { width: size, height: size, channels: 4 } })
    .removeAlpha()
    .png({ compressionLevel: 1 })
    .toBuffer();
  browser = await openTestBrowser();
  pages = await startPages({
    "/varied": pageOf(varied),
    "/noise.png": (_, response) => void response.writeHead(200, { "content-type": "image/png" }).end(png),
    "/button": pageOf(
      "<button style='position:absolute;left:300px;top:400px' onclick='document.title = `clicked`'>Go</button>",
    ),
  });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await pages[Symbol.asyncDispose]();
});

const limits = { maxHeightPx: 20_000, limitMs: 15_000 };
const lend = (more: Partial<Look> = {}): Promise<Tab> =>
  browser.page({ look: { ...testLook, ...more }, hosts: { pages: [pages.host] } });

/** The page in a window of its own height, drawn in one way; its picture, and what the page itself believes. */
const drawn = async (way: "drawFull" | "drawSmall", look: Partial<Look>) => {
  await using tab = await lend(look);
  await tab.pane[way]({ ...tab.look, height: 2_400 });
  await open(tab, { url: `${pages.url}/varied`, limitMs: 5_000 });
  await settle(tab, { sign: { js: "document.images[0].complete" }, limitMs: 10_000, stillMs: 0 });
  const believed = await tab.page.evaluate("[innerWidth, innerHeight, devicePixelRatio, visualViewport.scale]");
  const { bytes } = await capturePng(tab, { clipSelector: null, ...limits });
  return { bytes: Buffer.from(bytes), believed };
};

test.each([1, 2])(
  "a page that is drawn small meanwhile doesn't notice, and its picture at scale %d is the same, byte for byte",
  async (scale) => {
    const [full, small] = [await drawn("drawFull", { scale }), await drawn("drawSmall", { scale })];
    expect(small.believed).toEqual([1_000, 2_400, scale, 1]);
    expect(full.believed).toEqual(small.believed);
    expect(small.bytes.equals(full.bytes)).toBe(true);
  },
);

test("a small picture of a page drawn small shows all of it", async () => {
  await using tab = await lend();
  await tab.pane.drawSmall(tab.look);
  await open(tab, { url: `${pages.url}/varied`, limitMs: 5_000 });
  await settle(tab, { sign: { js: "document.images[0].complete" }, limitMs: 10_000, stillMs: 0 });
  const wholeHeight = tab.pane.size()?.height ?? 0;
  expect(wholeHeight).toBeGreaterThan(testLook.height);
  const { width = 0, height = 0 } = await sharp(await pictureOf(tab)).metadata();
  expect(width * height).toBeLessThan(95_000);
  expect(height / width).toBeCloseTo(wholeHeight / testLook.width, 1);
});

test("who comes after a render that was drawn small finds a window to click in", async () => {
  await using before = await lend();
  await before.pane.drawSmall({ ...before.look, height: 5_000 });
  await before[Symbol.asyncDispose]();
  await using tab = await lend();
  await open(tab, { url: `${pages.url}/button`, limitMs: 5_000 });
  await tab.page.click("button");
  expect(await tab.page.title()).toBe("clicked");
  expect(await tab.page.evaluate("innerHeight")).toBe(testLook.height);
});

import sharp from "sharp";
import type { PictureFacts } from "#render/inspect.ts";
import { extentOf } from "#render/page/signs.ts";
import type { Tab } from "#render/page/tab.ts";

/** A small picture has so many pixels at most; enough to see a tile change, few enough to take twice per render. */
const smallPixels = 90_000;
const tallest = 20_000;

/**
 * A small picture of the whole page, for comparing and counting. It is asked for past puppeteer, whose session knows of the emulated
 * window and draws all of it anew at each scale: that took three times as long.
 */
export const pictureOf = async (tab: Tab): Promise<Buffer> => {
  const extent = await extentOf(tab);
  const [width, height] = [tab.look.width, Math.min(extent.height, tallest)];
  const { data } = await tab.cdp.send("Page.captureScreenshot", {
    format: "png",
    optimizeForSpeed: true,
    captureBeyondViewport: isBeyond(tab, height),
    clip: { x: 0, y: 0, width, height, scale: Math.min(1, Math.sqrt(smallPixels / (width * height))) },
  });
  return Buffer.from(data, "base64");
};

/** A part of the page in CSS pixels, and how large it becomes. */
export interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/** A PNG of a part of the page. */
export const shoot = async (tab: Tab, clip: Clip): Promise<Buffer> =>
  Buffer.from(
    await tab.page.screenshot({
      type: "png",
      optimizeForSpeed: true,
      captureBeyondViewport: isBeyond(tab, clip.y + clip.height),
      clip,
    }),
  );

/** Pictures beyond the window make the page believe that it was resized, so it is asked for only where it is needed. */
const isBeyond = (tab: Tab, bottom: number): boolean => bottom > (tab.page.viewport()?.height ?? tab.look.height);

/** Counts the colours of a picture. */
export const pictureFacts = async (picture: Uint8Array): Promise<PictureFacts> => {
  const { data } = await sharp(picture).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
  const counts = countRuns(pixels);
  const most = [...counts.values()].reduce((high, one) => Math.max(high, one), 0);
  return { commonestShare: most / Math.max(1, pixels.length), colours: counts.size };
};

/** Dashboards are mostly plain areas, so counting runs of one colour asks the map far less often than counting pixels. */
const countRuns = (pixels: Uint32Array): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>();
  for (let from = 0, at = 1; at <= pixels.length; at += 1) {
    const colour = pixels[from] ?? 0;
    if (pixels[at] === colour) continue;
    counts.set(colour, (counts.get(colour) ?? 0) + at - from);
    from = at;
  }
  return counts;
};

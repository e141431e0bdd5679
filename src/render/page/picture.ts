import type { CDPSession } from "puppeteer";
import sharp from "sharp";
import type { PictureFacts } from "#render/inspect.ts";
import { smallScale } from "#render/page/pane.ts";
import { extentOf } from "#render/page/signs.ts";
import type { Tab } from "#render/page/tab.ts";

const tallest = 20_000;

/**
 * A small picture of the whole page, for comparing and counting. Where the window is drawn small and shows just the page, it is what is
 * drawn already, asked for on a connection that knows of no other size; anything else is drawn anew for it, and then once more as it was.
 */
export const pictureOf = async (tab: Tab): Promise<Buffer> => {
  const extent = await extentOf(tab);
  const [width, height] = [tab.look.width, Math.min(extent.height, tallest)];
  if (tab.pane.isSmall() && height === windowHeight(tab)) return capture(tab.cdp, {});
  return shoot(tab, { x: 0, y: 0, width, height, scale: smallScale(width, height) / tab.look.scale });
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
export const shoot = (tab: Tab, clip: Clip): Promise<Buffer> =>
  capture(tab.pane.cdp, { clip, captureBeyondViewport: clip.y + clip.height > windowHeight(tab) });

/** Pictures beyond the window make the page believe that it was resized, so they are asked for only where they are needed. */
const windowHeight = (tab: Tab): number => tab.pane.size()?.height ?? tab.look.height;

const capture = async (cdp: CDPSession, what: Readonly<Record<string, unknown>>): Promise<Buffer> => {
  const { data } = await cdp.send("Page.captureScreenshot", { format: "png", optimizeForSpeed: true, ...what });
  return Buffer.from(data, "base64");
};

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

import sharp from "sharp";
import type { PictureFacts } from "#render/inspect.ts";
import { extentOf } from "#render/page/signs.ts";
import type { Tab } from "#render/page/tab.ts";

/** A small picture has so many pixels at most; enough to see a tile change, few enough to take twice per render. */
const smallPixels = 400_000;

/** A small picture of the whole page, for comparing and counting. */
export const pictureOf = async (tab: Tab): Promise<Buffer> => {
  const extent = await extentOf(tab);
  const height = Math.min(extent.height, 20_000);
  const scale = Math.min(1, Math.sqrt(smallPixels / (tab.look.width * height))) / tab.look.scale;
  return shoot(tab, { x: 0, y: 0, width: tab.look.width, height, scale });
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
export const pictureFacts = async (picture: Buffer): Promise<PictureFacts> => {
  const { data } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const counts = new Map<number, number>();
  for (let at = 0; at + 2 < data.length; at += 3) {
    const colour = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const most = [...counts.values()].reduce((high, one) => Math.max(high, one), 0);
  return { commonestShare: most / Math.max(1, data.length / 3), colours: counts.size };
};

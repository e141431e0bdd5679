import { Fault } from "#model/fault.ts";
import { ask, isTrueIn, numberIn } from "#render/page/ask.ts";
import type { PageDocument, PageWindow } from "#render/page/dom.ts";
import { shoot } from "#render/page/picture.ts";
import { extentOf } from "#render/page/signs.ts";
import { phase, type Tab } from "#render/page/tab.ts";

declare const document: PageDocument;
declare const window: PageWindow;

/** What is to be on the picture. */
export interface PngOptions {
  /** The element that holds the dashboard; `null`: the whole page. */
  readonly clipSelector: string | null;
  /** In CSS pixels. */
  readonly maxHeightPx: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** A picture, with its size in device pixels. */
export interface Png {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A picture of the settled view. Faults: `render.too-large`, and `render.not-settled` when the page goes elsewhere meanwhile. */
export const capturePng = async (tab: Tab, options: PngOptions): Promise<Png> => {
  const { clipSelector, maxHeightPx, limitMs, signal } = options;
  return phase(tab, { name: "taking the picture", ms: limitMs, ...(signal && { signal }) }, () =>
    staying(tab, async () => {
      const box = await boxOf(tab, clipSelector);
      refuseTall(box.height, maxHeightPx);
      const bytes = await shoot(tab, { ...box, scale: 1 });
      return { bytes, width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
    }),
  );
};

/** Fault `render.too-large` for a page that nobody could read in a mail and that would eat the machine's memory. */
export const refuseTall = (height: number, maxHeightPx: number): void => {
  if (height <= maxHeightPx) return;
  throw new Fault("render.too-large", `The view is ${height} px tall; the limit is ${maxHeightPx} px.`, {
    hint: "Split the view, narrow its filters, or raise maxHeightPx.",
  });
};

/** Runs `work` and makes sure that the document was the same one all along. */
export const staying = async <T>(tab: Tab, work: () => Promise<T>): Promise<T> => {
  const before = tab.documents();
  const done = await work();
  if (tab.documents() === before) return done;
  throw new Fault("render.not-settled", "The page went to another one while it was captured.", {
    hint: "A session that ends or a page that reloads itself does so; it is drawn again.",
    retry: "later",
  });
};

const boxOf = async (tab: Tab, selector: string | null): Promise<Box> => {
  if (selector === null) return { x: 0, y: 0, width: tab.look.width, height: (await extentOf(tab)).height };
  const answer = await ask(tab, boxInPage, { selector });
  const box = {
    x: numberIn(answer, "x"),
    y: numberIn(answer, "y"),
    width: numberIn(answer, "width"),
    height: numberIn(answer, "height"),
  };
  if (isTrueIn(answer, "found") && box.width >= 1 && box.height >= 1) return box;
  throw new Fault("render.blank", `The page has no dashboard: nothing visible matches “${selector}”.`, {
    hint: "Correct the report server's dashboardSelector, or leave it out to capture the whole page.",
    retry: "later",
  });
};

/** Runs in the page. Whole pixels, so that the edges are sharp. */
const boxInPage = ({ selector }: { selector: string }) => {
  const element = document.querySelector(selector);
  if (element === null) return { found: false };
  const { x, y, width, height } = element.getBoundingClientRect();
  const left = Math.max(0, Math.floor(x + window.scrollX));
  const top = Math.max(0, Math.floor(y + window.scrollY));
  const full = Math.max(height, element.scrollHeight);
  return { found: true, x: left, y: top, width: Math.ceil(width), height: Math.ceil(full) };
};

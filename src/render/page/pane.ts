import type { CDPSession } from "puppeteer";

/** How large a window is, and how many device pixels a CSS pixel of it is. */
export interface PaneSize {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/**
 * The window that a page believes it has. It can be drawn smaller than the page believes: layout, scripts and media queries notice nothing,
 * and each frame costs a fraction, of which a dashboard needs many until it is drawn. What is captured has its own size all the same.
 */
export interface Pane {
  /** As large as the page believes it; `null` until it is known. */
  readonly size: () => PaneSize | null;
  /** Makes the window so large, drawn as it is. */
  readonly drawFull: (size: PaneSize) => Promise<void>;
  /** Makes the window so large, drawn as a small picture is. Nobody can click in it. */
  readonly drawSmall: (size: PaneSize) => Promise<void>;
  readonly isSmall: () => boolean;
  /** The connection that says all this: only there a picture of a part knows how large the page is meant to be. */
  readonly cdp: CDPSession;
}

/** A small picture has so many pixels at most; enough to see a tile change, few enough to take twice per render. */
const smallPixels = 90_000;

/** How much smaller an area is in a small picture. */
export const smallScale = (width: number, height: number): number =>
  Math.min(1, Math.sqrt(smallPixels / (width * height)));

/** The window of a page, by a connection of its own. Whoever says last how large it is prevails, so nobody else may say it. */
export const openPane = (cdp: CDPSession): Pane => {
  let size: PaneSize | null = null;
  let isSmall = false;
  let canBeSmall = true;
  const drawFull = async (wanted: PaneSize): Promise<void> => {
    size = null;
    isSmall = false;
    await cdp.send("Emulation.setDeviceMetricsOverride", metricsOf(wanted));
    size = wanted;
  };
  const drawSmall = async (wanted: PaneSize): Promise<void> => {
    size = null;
    canBeSmall &&= await makeSmall(cdp, wanted);
    if (!canBeSmall) return drawFull(wanted);
    isSmall = true;
    size = wanted;
  };
  return { cdp, size: () => size, isSmall: () => isSmall, drawFull, drawSmall };
};

const metricsOf = ({ width, height, scale }: PaneSize) => ({ width, height, deviceScaleFactor: scale, mobile: false });

/** False in a browser that can't: the second call is an experimental one. */
const makeSmall = async (cdp: CDPSession, size: PaneSize): Promise<boolean> => {
  const scale = smallScale(size.width, size.height);
  const visible = { width: Math.ceil(size.width * scale), height: Math.ceil(size.height * scale) };
  const [told, resized] = await Promise.allSettled([
    cdp.send("Emulation.setDeviceMetricsOverride", { ...metricsOf(size), scale, dontSetVisibleSize: true }),
    sendUnlisted(cdp, "Emulation.setVisibleSize", visible),
  ]);
  if (told.status === "rejected") throw told.reason;
  if (resized.status === "fulfilled") return true;
  if (isUnknownCall(resized.reason)) return false;
  throw resized.reason;
};

/** For a call that puppeteer's list leaves out. */
const sendUnlisted = (cdp: CDPSession, method: string, params: object): Promise<unknown> =>
  (cdp as { readonly send: (method: string, params: object) => Promise<unknown> }).send(method, params);

const isUnknownCall = (error: unknown): boolean =>
  error instanceof Error && /wasn't found|not (supported|implemented)/i.test(error.message);

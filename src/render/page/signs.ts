import type { ReadySign } from "#model/report.ts";
import type { TileState } from "#render/inspect.ts";
import { ask, isTrueIn, isTrueInPage, listIn, numberIn, textIn } from "#render/page/ask.ts";
import type { PageDocument, PageElement, PageWindow } from "#render/page/dom.ts";
import type { Tab } from "#render/page/tab.ts";

declare const document: PageDocument;
declare const window: PageWindow;

/** Selectors by which tiles are known; `null` where the report server has none. */
export interface TileMarks {
  readonly tile: string | null;
  /** A broken tile itself, or what only a broken tile holds. */
  readonly brokenTile: string | null;
}

/** What a page says of itself at one moment. */
export interface PageSigns {
  readonly isLoaded: boolean;
  readonly hasFonts: boolean;
  /** Something visible that is text, picture or canvas. */
  readonly isDrawn: boolean;
  /** Visible marks of loading. */
  readonly busy: number;
  readonly tiles: readonly TileState[];
  /** The declared sign is there; `null` without one. */
  readonly isSignMet: boolean | null;
}

/** Whether the document is loaded and the declared sign is there: all that matters until it is, and asked without making the page lay itself out. */
export const readSign = async (tab: Tab, sign: ReadySign): Promise<Pick<PageSigns, "isLoaded" | "isSignMet">> => {
  const [page, isSignMet] = await Promise.all([ask(tab, pageLoad, null), isMet(tab, sign)]);
  return { isLoaded: isTrueIn(page, "isLoaded"), isSignMet };
};

/** Runs in the page. */
const pageLoad = () => ({ isLoaded: document.readyState === "complete" });

/** Reads what the generic rule goes by. */
export const readSigns = async (tab: Tab, marks: TileMarks): Promise<PageSigns> => {
  const [page, tiles] = await Promise.all([ask(tab, pageSigns, null), readTiles(tab, null, marks)]);
  return {
    isLoaded: isTrueIn(page, "isLoaded"),
    hasFonts: isTrueIn(page, "hasFonts"),
    isDrawn: isTrueIn(page, "isDrawn"),
    busy: numberIn(page, "busy"),
    tiles,
    isSignMet: null,
  };
};

/** How each tile is; one that lacks a declared attribute's value is loading. */
export const readTiles = async (
  tab: Tab,
  sign: ReadySign | null,
  { tile, brokenTile }: TileMarks,
): Promise<readonly TileState[]> => {
  const attribute = sign !== null && "attribute" in sign ? sign.attribute : null;
  // Without any of the three nothing is a tile, and the page needn't be asked.
  if (tile === null && brokenTile === null && attribute === null) return [];
  return listIn(await ask(tab, tileSigns, { tile, brokenTile, attribute }), "tiles").map(asTile);
};

const asTile = (value: unknown): TileState => {
  const state = textIn(value, "state");
  return { name: textIn(value, "name", 80), state: state === "error" || state === "loading" ? state : "done" };
};

const isMet = async (tab: Tab, sign: ReadySign): Promise<boolean> => {
  if ("js" in sign) return isTrueInPage(tab, sign.js);
  return isTrueIn(
    await ask(tab, signMet, "selector" in sign ? { selector: sign.selector } : { ...sign.attribute }),
    "met",
  );
};

/** Runs in the page: a selector must be there; with an attribute, all that the selector finds must have the value, and it must find one. */
const signMet = ({ selector, name, value }: { selector: string; name?: string; value?: string }) => {
  const found = [...document.querySelectorAll(selector)];
  const isRight = (element: PageElement) => name === undefined || element.getAttribute(name) === value;
  return { met: found.length > 0 && found.every(isRight) };
};

/** Runs in the page. */
const pageSigns = () => {
  const busyMarks = '[aria-busy="true"], [data-state="loading"], [data-loading="true"], .loading, .spinner, .skeleton';
  const isVisible = (element: PageElement) => {
    const { width, height } = element.getBoundingClientRect();
    return (
      width > 0 &&
      height > 0 &&
      element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) !== false
    );
  };
  const { body } = document;
  // biome-ignore lint/performance/useDomNodeTextContent: only what people can see counts here.
  const hasText = (body?.innerText ?? "").trim() !== "";
  return {
    isLoaded: document.readyState === "complete",
    hasFonts: document.fonts === undefined || document.fonts.status === "loaded",
    isDrawn: hasText || [...document.querySelectorAll("svg, canvas, img, video")].some(isVisible),
    busy: [...document.querySelectorAll(busyMarks)].filter(isVisible).length,
  };
};

type TileQuestion = {
  readonly tile: string | null;
  readonly brokenTile: string | null;
  readonly attribute: { readonly selector: string; readonly name: string; readonly value: string } | null;
};

/** Runs in the page. A tile's name is what people read on it, else what its makers call it. */
const tileSigns = ({ tile, brokenTile, attribute }: TileQuestion) => {
  const busyMarks = '[aria-busy="true"], [data-state="loading"], [data-loading="true"], .loading, .spinner, .skeleton';
  const holds = (element: PageElement, selector: string) =>
    element.matches(selector) || element.querySelector(selector) !== null;
  const nameOf = (element: PageElement, position: number) => {
    const heading = element.querySelector("h1, h2, h3, h4, h5, h6, [role=heading], header, figcaption, caption");
    const words = [
      // biome-ignore lint/performance/useDomNodeTextContent: only what people can see counts here.
      heading?.innerText ?? heading?.textContent,
      element.getAttribute("aria-label"),
      element.getAttribute("title"),
      element.getAttribute("data-tile"),
      element.id,
    ];
    return (
      words.map((word) => (word ?? "").trim().replace(/\s+/g, " ")).find((word) => word !== "") ??
      `tile ${position + 1}`
    );
  };
  const lacks = (element: PageElement) =>
    attribute !== null &&
    element.matches(attribute.selector) &&
    element.getAttribute(attribute.name) !== attribute.value;
  const stateOf = (element: PageElement) => {
    if (brokenTile !== null && holds(element, brokenTile)) return "error";
    return lacks(element) || holds(element, busyMarks) ? "loading" : "done";
  };
  const selector = tile ?? attribute?.selector ?? brokenTile;
  const found = selector === null ? [] : [...document.querySelectorAll(selector)].slice(0, 300);
  return { tiles: found.map((element, position) => ({ name: nameOf(element, position), state: stateOf(element) })) };
};

/** How much room the page needs, in CSS pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Measures the page: what lies below the visible part counts, also within a container that scrolls nearly all of it. */
export const extentOf = async (tab: Tab): Promise<Extent> => {
  const answer = await ask(tab, measure, null);
  return {
    width: Math.max(1, Math.ceil(numberIn(answer, "width"))),
    height: Math.max(1, Math.ceil(numberIn(answer, "height"))),
  };
};

/** Runs in the page. */
const measure = () => {
  const { documentElement: html, body } = document;
  const { innerWidth, innerHeight } = window;
  const isMain = (element: PageElement) =>
    element.clientWidth >= innerWidth / 2 &&
    element.clientHeight >= innerHeight / 2 &&
    /auto|scroll/.test(window.getComputedStyle(element).overflowY);
  const hidden = [...document.querySelectorAll("body, body *")]
    .filter((element) => element.scrollHeight > element.clientHeight + 1 && isMain(element))
    .map((element) => element.scrollHeight - element.clientHeight);
  const bottom = (body?.getBoundingClientRect().bottom ?? 0) + window.scrollY;
  const drawn = Math.max(bottom, body?.scrollHeight ?? 0);
  const whole = html.scrollHeight > innerHeight ? html.scrollHeight : Math.max(drawn, 1);
  const inner = hidden.length === 0 ? 0 : innerHeight + Math.max(...hidden);
  return { width: Math.max(html.scrollWidth, innerWidth), height: Math.max(whole, inner) };
};

/** Scrolls once from top to bottom and back, so that what draws itself only when it is seen does so. */
export const scrollThrough = async (tab: Tab): Promise<void> => {
  await ask(tab, scrollDown, null);
};

/** Runs in the page; each step waits for the frame that shows it. */
const scrollDown = async () => {
  const frame = () => new Promise<void>((next) => window.requestAnimationFrame(next));
  const step = Math.max(100, window.innerHeight * 0.8);
  const most = 250;
  for (let n = 0; n < most && n * step < document.documentElement.scrollHeight; n += 1) {
    window.scrollTo(0, n * step);
    await frame();
  }
  window.scrollTo(0, 0);
  await frame();
};

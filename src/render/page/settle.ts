import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "#model/fault.ts";
import type { ReadySign } from "#model/report.ts";
import type { TileState } from "#render/inspect.ts";
import { pictureOf } from "#render/page/picture.ts";
import { newReveal } from "#render/page/reveal.ts";
import { type PageSigns, readSign, readSigns, readTiles, type TileMarks } from "#render/page/signs.ts";
import { isBrokenCall, phase, type Tab } from "#render/page/tab.ts";

/** When a view counts as drawn. */
export interface SettleOptions {
  /** The declared positive sign; without one the generic rule holds. */
  readonly sign: ReadySign | null;
  readonly marks?: TileMarks;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
  /** Generic rule: no request open for so long. */
  readonly quietMs?: number;
  /** Two pictures so far apart must be equal; 0: one is enough, since whoever captures the view compares it afterwards. */
  readonly stillMs?: number;
  /** Taller pages aren't laid out in full. */
  readonly maxHeightPx?: number;
  /** Parts of addresses whose requests may stay open. */
  readonly ignoreRequests?: readonly string[];
}

/** A view that is drawn. */
export interface Settled {
  readonly tookMs: number;
  readonly tiles: readonly TileState[];
  /** A small picture of it, for `look`. */
  readonly picture: Uint8Array;
}

const noMarks: TileMarks = { tile: null, brokenTile: null };
const lookEveryMs = 50;

/**
 * Waits until the view is drawn: its positive sign, or else loaded, fonts there, network quiet, nothing busy and something to see; and in
 * both cases two equal pictures. Nothing is ever waited for blindly. Fault `render.not-settled` says what was missing.
 */
export const settle = async (tab: Tab, options: SettleOptions): Promise<Settled> => {
  const { limitMs, signal } = options;
  const bound = { name: "waiting for the view", ms: limitMs + 5_000, ...(signal && { signal }) };
  return phase(tab, bound, async (inner) => {
    const started = performance.now();
    const watch = newWatch(tab, options);
    for (;;) {
      const isLast = performance.now() - started > limitMs;
      const { missing, signs, picture } = await watch(isLast);
      const refused = tab.guard.fault();
      if (refused !== null) throw refused;
      const tookMs = Math.round(performance.now() - started);
      if (missing.length === 0 && picture !== null) return { tookMs, tiles: signs.tiles, picture };
      if (isLast) throw notSettled(tab, { missing, signs, limitMs });
      await pause(lookEveryMs, undefined, { signal: inner });
    }
  });
};

interface Seen {
  readonly missing: readonly string[];
  readonly signs: PageSigns;
  readonly picture: Buffer | null;
}

/** One look at the page: its signs, then that it is laid out in full, and then its picture. */
const newWatch = (tab: Tab, options: SettleOptions): ((isLast: boolean) => Promise<Seen>) => {
  const { sign, maxHeightPx = 20_000 } = options;
  const still = newStillness(tab, options.stillMs ?? (sign === null ? 500 : 250));
  const reveal = newReveal(tab, maxHeightPx);
  const read = newReader(tab, options);
  const isWaitingToBeSeen = () => tab.recorder.quietMs(options.ignoreRequests) >= restsMs;
  let revealedAt = -1;
  return async (isLast) => {
    const documents = tab.documents();
    const signs = await read(isLast).catch(nothingYet(tab, documents));
    const isDue = sign === null || signs.isSignMet === true || isWaitingToBeSeen();
    if (signs.isLoaded && isDue && revealedAt !== documents) {
      revealedAt = documents;
      await reveal();
      return { missing: [layout], signs, picture: null };
    }
    const missing = missingSigns(tab, signs, options);
    if (missing.some((words) => words !== quietNetwork)) return { missing, signs, picture: null };
    if (await reveal()) return { missing: [layout], signs, picture: null };
    // The pictures are compared while the network is still watched, so that the two waits are one.
    const { isStill, picture } = await still();
    return { missing: isStill ? missing : [...missing, equalPictures], signs, picture };
  };
};

/** While a declared sign isn't there nothing else is asked; at the last look the tiles are, since the fault names those that are loading. */
const newReader =
  (tab: Tab, { sign, marks = noMarks }: SettleOptions) =>
  async (isLast: boolean): Promise<PageSigns> => {
    if (sign === null) return readSigns(tab, marks);
    const told = await readSign(tab, sign);
    const tiles = isLast || told.isSignMet === true ? await readTiles(tab, sign, marks) : [];
    return { ...nothing, ...told, tiles };
  };

const nothing: PageSigns = {
  isLoaded: false,
  hasFonts: false,
  isDrawn: false,
  busy: 0,
  tiles: [],
  isSignMet: false,
};

/**
 * A tall window costs with every frame, so a page that will give a sign is laid out in full only then; or earlier when it rests without
 * the sign, since tiles that draw only when seen may be what is missing.
 */
const restsMs = 250;

const layout = "the page, laid out in full";
const quietNetwork = "a quiet network";
const equalPictures = "two equal pictures (something on the page keeps moving)";

/** A page that goes to its next document in the middle of a question isn't drawn, and that is no error. */
const nothingYet =
  (tab: Tab, documents: number) =>
  async (error: unknown): Promise<PageSigns> => {
    const isGone = error instanceof Error && /context|navigat|no frame/i.test(error.message);
    if (isBrokenCall(error) || (!isGone && tab.documents() === documents)) throw error;
    return nothing;
  };

const missingSigns = (tab: Tab, signs: PageSigns, options: SettleOptions): readonly string[] => {
  if (options.sign !== null) {
    return signs.isSignMet === true ? [] : [`the ready sign ${signInWords(options.sign)}`];
  }
  const isQuiet = tab.recorder.quietMs(options.ignoreRequests) >= (options.quietMs ?? 500);
  const stillLoading = signs.tiles.some(({ state }) => state === "loading");
  const rules: readonly (readonly [isThere: boolean, words: string])[] = [
    [signs.isLoaded, "the end of loading"],
    [isQuiet, quietNetwork],
    [signs.hasFonts, "its fonts"],
    [signs.busy === 0 && !stillLoading, "the end of its marks of loading"],
    [signs.isDrawn, "anything to see"],
  ];
  return rules.filter(([isThere]) => !isThere).map(([, words]) => words);
};

interface Stillness {
  readonly picture: Buffer;
  readonly at: number;
  readonly isStill: boolean;
}

/** Compares pictures that lie `stillMs` apart; in between it answers what it found last. */
const newStillness = (tab: Tab, stillMs: number): (() => Promise<Stillness>) => {
  let last: Stillness | null = null;
  return async () => {
    const at = performance.now();
    if (stillMs === 0) return { picture: await pictureOf(tab), at, isStill: true };
    if (last !== null && at - last.at < stillMs) return last;
    const picture = await pictureOf(tab);
    last = { picture, at, isStill: last?.picture.equals(picture) ?? false };
    return last;
  };
};

const signInWords = (sign: ReadySign): string => {
  if ("js" in sign) return `(${sign.js})`;
  if ("selector" in sign) return `“${sign.selector}”`;
  const { selector, name, value } = sign.attribute;
  return `“${selector}” with ${name}="${value}"`;
};

interface Unsettled extends Pick<Seen, "missing" | "signs"> {
  readonly limitMs: number;
}

const notSettled = (tab: Tab, { missing, signs, limitMs }: Unsettled): Fault => {
  const loading = signs.tiles.filter(({ state }) => state === "loading").map(({ name }) => `“${name}”`);
  const open = tab.recorder
    .open()
    .map(({ method, url, forMs }) => `${method} ${pathOf(url)} (${(forMs / 1000).toFixed(1)} s)`);
  const words = [
    `The view was not drawn after ${limitMs / 1000} s. Missing: ${missing.join(", ")}.`,
    loading.length === 0 ? null : `Tiles still loading: ${some(loading)}.`,
    open.length === 0 ? null : `Requests still open: ${some(open)}.`,
  ];
  return new Fault("render.not-settled", words.filter((one) => one !== null).join(" "), {
    hint: "Raise the view's settleTimeoutMs if it is only slow; correct its ready sign if the picture was complete.",
    retry: "later",
  });
};

const some = (items: readonly string[]): string =>
  items.length <= 5 ? items.join(", ") : `${items.slice(0, 5).join(", ")} and ${items.length - 5} more`;

/** Without the query, which holds people's filters. */
const pathOf = (address: string): string => {
  const { host, pathname } = new URL(address);
  return `${host}${pathname}`;
};

import type { PageFacts } from "#render/inspect.ts";
import { ask, listIn, numberIn, textIn } from "#render/page/ask.ts";
import type { PageDocument } from "#render/page/dom.ts";
import { pictureFacts, pictureOf } from "#render/page/picture.ts";
import { readTiles, type TileMarks } from "#render/page/signs.ts";
import { phase, type Tab } from "#render/page/tab.ts";

declare const document: PageDocument;

/** What to look for. */
export interface LookOptions {
  readonly marks: TileMarks;
  readonly isSignInPage: (url: URL) => boolean;
  /** The picture that `settle` ended with; without it one is taken. */
  readonly picture?: Uint8Array;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** Gathers what `inspect` judges. */
export const look = async (tab: Tab, options: LookOptions): Promise<PageFacts> => {
  const { marks, isSignInPage, limitMs, signal } = options;
  return phase(tab, { name: "looking at the view", ms: limitMs, ...(signal && { signal }) }, async () => {
    const [words, tiles, picture] = await Promise.all([
      ask(tab, wordsInPage, null),
      readTiles(tab, null, marks),
      pictureFacts(options.picture ?? (await pictureOf(tab))),
    ]);
    const url = tab.page.url();
    return {
      url,
      title: textIn(words, "title", 300),
      text: textIn(words, "text"),
      passwordFields: numberIn(words, "passwordFields"),
      status: tab.status(),
      isSignInPage: URL.canParse(url) && isSignInPage(new URL(url)),
      tiles,
      picture,
    };
  });
};

/** Whether the page still looks as it did on a small picture of before. */
export const isStill = async (
  tab: Tab,
  before: Uint8Array,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
): Promise<boolean> =>
  phase(tab, { name: "looking once more", ms: limitMs, signal }, async () => (await pictureOf(tab)).equals(before));

/** Runs in the page. */
const wordsInPage = () => {
  const isSeen = (field: { readonly getBoundingClientRect: () => { readonly width: number } }) =>
    field.getBoundingClientRect().width > 0;
  return {
    title: document.title,
    // biome-ignore lint/performance/useDomNodeTextContent: only what people can see counts here.
    text: (document.body?.innerText ?? "").slice(0, 2_000),
    passwordFields: [...document.querySelectorAll("input[type=password]")].filter(isSeen).length,
  };
};

/** Which elements' words are wanted. */
export interface TextOptions {
  readonly selectors: readonly string[];
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** The visible text of the elements that selectors find, those of one selector joined by line breaks; a selector that finds none is left out. */
export const readTexts = async (
  tab: Tab,
  { selectors, limitMs, signal }: TextOptions,
): Promise<Readonly<Record<string, string>>> =>
  phase(tab, { name: "reading the view", ms: limitMs, ...(signal && { signal }) }, async () => {
    const answer = await ask(tab, textsInPage, { selectors });
    return Object.fromEntries(
      listIn(answer, "texts").map((one) => [textIn(one, "selector"), textIn(one, "text", 20_000)]),
    );
  });

/** What an element says of a date: the ISO date of its own `<time datetime>` or the one in it, else its words; `null` without it. */
export const readDate = async (
  tab: Tab,
  { selector, limitMs, signal }: Omit<TextOptions, "selectors"> & { readonly selector: string },
): Promise<string | null> =>
  phase(tab, { name: "reading the date of the data", ms: limitMs, ...(signal && { signal }) }, async () => {
    const words = textIn(await ask(tab, dateInPage, { selector }), "date", 200).trim();
    return words === "" ? null : words;
  });

/** Runs in the page. */
const dateInPage = ({ selector }: { selector: string }) => {
  const element = document.querySelector(selector);
  const time = element?.matches("time[datetime]") === true ? element : element?.querySelector("time[datetime]");
  // biome-ignore lint/performance/useDomNodeTextContent: only what people can see counts here.
  return { date: time?.getAttribute("datetime") ?? element?.innerText ?? element?.textContent ?? "" };
};

/** Runs in the page. */
const textsInPage = ({ selectors }: { selectors: readonly string[] }) => ({
  texts: selectors.flatMap((selector) => {
    // biome-ignore lint/performance/useDomNodeTextContent: only what people can see counts here.
    const words = [...document.querySelectorAll(selector)].map((one) => one.innerText ?? one.textContent ?? "");
    return words.length === 0 ? [] : [{ selector, text: words.join("\n") }];
  }),
});

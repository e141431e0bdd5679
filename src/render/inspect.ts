/** One tile of a dashboard as it looks now. */
export interface TileState {
  readonly name: string;
  readonly state: "done" | "loading" | "error";
}

/** What was gathered from a page that says it is drawn. */
export interface PageFacts {
  readonly url: string;
  readonly title: string;
  /** The beginning of its visible text. */
  readonly text: string;
  /** Status of the main document; `null` when the browser had no answer to go by. */
  readonly status: number | null;
  /** True when the address is the report server's sign-in page. */
  readonly isSignInPage: boolean;
  readonly passwordFields: number;
  readonly tiles: readonly TileState[];
  readonly picture: PictureFacts;
}

/** How full a picture is. */
export interface PictureFacts {
  /** Share of the pixels that have the commonest colour, 0 to 1. */
  readonly commonestShare: number;
  readonly colours: number;
}

/** What a drawn page is. Only `ok` may be captured without a further word. */
export type PageVerdict =
  | { readonly is: "ok" }
  | { readonly is: "signin"; readonly why: string }
  | { readonly is: "error-page"; readonly why: string }
  | { readonly is: "blank"; readonly why: string }
  | { readonly is: "broken-tiles"; readonly names: readonly string[]; readonly why: string };

/** An error page says little; a dashboard that mentions such words among its figures says more. */
const errorPageTextLength = 800;

const errorWords =
  /\b(40[0134]|429|50[0-4])\b.*\b(error|not found|forbidden|unauthorized|bad gateway|unavailable|time-?out)\b|\b(internal server error|bad gateway|service unavailable|gateway time-?out|page not found|access denied|permission denied|something went wrong|an error (has )?occurred|unexpected error|application error|seite nicht gefunden|zugriff verweigert|interner serverfehler)\b/i;

/** A picture of one colour but for this share of its pixels shows nothing that anybody could read. */
const blankShare = 0.9999;

/** Judges a page by its facts. An empty dashboard that says so in words is not blank. */
export const inspect = (facts: PageFacts): PageVerdict =>
  asSignIn(facts) ?? asErrorPage(facts) ?? asBlank(facts) ?? asBroken(facts) ?? { is: "ok" };

const asSignIn = (facts: PageFacts): PageVerdict | null => {
  if (facts.isSignInPage) return { is: "signin", why: "the page is the report server's sign-in page" };
  if (facts.status === 401) return { is: "signin", why: "the report server answered 401" };
  if (facts.passwordFields > 0) return { is: "signin", why: "the page asks for a password" };
  return null;
};

const asErrorPage = ({ status, title, text, tiles }: PageFacts): PageVerdict | null => {
  if (status !== null && status >= 400) return { is: "error-page", why: `the report server answered ${status}` };
  if (tiles.length > 0 || text.length > errorPageTextLength) return null;
  const words = errorWords.exec(`${title}\n${text}`.replace(/\s+/g, " "))?.[0];
  return words === undefined ? null : { is: "error-page", why: `the page says “${words.slice(0, 120)}”` };
};

const asBlank = ({ picture, text }: PageFacts): PageVerdict | null => {
  if (picture.colours <= 1) return { is: "blank", why: "the picture has one colour only" };
  if (picture.commonestShare < blankShare || text.trim().length > 2) return null;
  return { is: "blank", why: `${(picture.commonestShare * 100).toFixed(2)} % of the picture has one colour` };
};

const asBroken = ({ tiles }: PageFacts): PageVerdict | null => {
  const names = tiles.filter(({ state }) => state === "error").map(({ name }) => name);
  if (names.length === 0) return null;
  return { is: "broken-tiles", names, why: `${names.map((name) => `“${name}”`).join(", ")} could not be drawn` };
};

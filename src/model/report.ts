import type { Format, Split } from "#model/people.ts";
import type { Schedule } from "#model/schedule.ts";

/** A text in several languages by language tag (`en`, `de`, `nl`, `de-AT`); a plain string serves all. */
export type Words = string | Readonly<Record<string, string>>;

/** The positive sign that a view is drawn; without one the generic rule serves. */
export type ReadySign =
  | { readonly selector: string }
  | { readonly attribute: { readonly selector: string; readonly name: string; readonly value: string } }
  | { readonly js: string };

/** How one filter of the view gets its values: from a column of the person's row, or a constant. */
export type FilterSource = { readonly column: string } | { readonly values: readonly string[] };

/** `warn` sends and says so; `enforce` quarantines what isn't proven; `off` asks for no evidence. `null`: warn in trial, enforce when live. */
export type ProofMode = "off" | "warn" | "enforce";

/** What is asked of the evidence. Columns, parameters and elements are by filter name; what is not named is guessed by the filter's own name. */
export interface ProofRules {
  readonly mode: ProofMode | null;
  /** Filter name → column of the CSV whose every row must carry the values. */
  readonly columns: Readonly<Record<string, string>>;
  /** Filter name → query or body parameter of the page's data requests. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Filter name → selector of an element whose text shows the values. */
  readonly elements: Readonly<Record<string, string>>;
  /** Parts of addresses whose requests need not carry the filter (`/api/theme`). */
  readonly ignoreRequests: readonly string[];
}

/** A figure shown as text: an aggregate over the proven CSV (`sum(Revenue)`) or the first cell of a query with bound filters. */
export interface Fact {
  readonly name: string;
  readonly label: Words;
  readonly from: { readonly csv: string } | { readonly sql: string; readonly source: string };
  /** Its own comparison figure (`sum(Revenue last week)`), with its words; without it, the last sent delivery with equal filters. */
  readonly against: { readonly csv: string; readonly label: Words } | null;
  readonly style: "number" | "percent" | "currency";
  readonly currency: string | null;
  readonly decimals: number | null;
  readonly better: "higher" | "lower" | null;
}

/** One view of a report server, as a report draws it. */
export interface ReportView {
  /** Unique within the report: the file names' middle. */
  readonly name: string;
  readonly title: Words;
  readonly server: string;
  readonly path: string;
  /** Width in CSS pixels and device scale of the picture. */
  readonly width: number;
  readonly scale: number;
  readonly look: "light" | "dark";
  /** Whose language the view is drawn in; drawing in the report's own lets more people share a render. */
  readonly language: "report" | "recipient";
  readonly ready: ReadySign | null;
  readonly tileSelector: string | null;
  /** `null`: the server's own; else an address or a table of the page. */
  readonly csv: { readonly url: string } | { readonly table: string } | null;
  readonly brokenTile: "fail" | "send-with-note";
  readonly settleTimeoutMs: number;
}

/** A question about the data: a query that must return a true or fresh first cell, an address that must answer, with the filter bound where wanted. */
export type ProbeSpec =
  | { readonly kind: "sql"; readonly source: string; readonly sql: string }
  | { readonly kind: "http"; readonly url: string; readonly expect: string | null };

/** When data is fresh enough and what happens if it isn't by the cut-off. */
export interface Readiness {
  readonly probes: readonly ProbeSpec[];
  readonly everyMs: number;
  /** Local time `HH:MM` or milliseconds after the slot's time. */
  readonly untilMs: number;
  readonly otherwise: "send-with-notice" | "send-late-note" | "skip";
}

/** Where the people of a report come from. */
export type AudienceSource =
  | { readonly kind: "csv"; readonly file: string }
  | { readonly kind: "query"; readonly query: string; readonly source: string }
  | { readonly kind: "tables" };

/** Who gets a report before the others do. */
export interface FirstWave {
  /** Keys or addresses of recipients; the report's owner is always one of them. */
  readonly to: readonly string[];
  /** So many further people. */
  readonly size: number;
  /** How long after the first wave the rest follows by itself; `null`: when an operator releases it. */
  readonly restAfterMs: number | null;
}

/** What is sent as one email: fully resolved, plain JSON, stored as a report version by its hash. */
export interface Report {
  readonly name: string;
  readonly title: Words;
  readonly views: readonly ReportView[];
  readonly schedule: Schedule;
  readonly audience: AudienceSource;
  readonly filter: Readonly<Record<string, FilterSource>>;
  readonly split: Split;
  readonly formats: readonly Format[];
  readonly empty: "note" | "send" | "skip";
  readonly whenRenderFails: "fail" | "send-without";
  readonly proof: ProofRules;
  readonly readiness: Readiness | null;
  readonly facts: readonly Fact[];
  readonly subject: Words | null;
  readonly greeting: Words | null;
  readonly intro: Words | null;
  readonly contact: Words | null;
  readonly template: string;
  readonly link: "filtered" | "plain" | "none";
  readonly owner: string | null;
  readonly expiresMs: number;
  readonly sizeBudgetBytes: number;
  readonly locale: string;
  readonly zone: string;
  /** Pauses the slot when the number of its people changed by more than this share since the last one; `null`: no guard. */
  readonly audienceGuard: number | null;
  /** A few get it before the others do; without it all get it at once. */
  readonly firstWave?: FirstWave;
  /** Drawn into the same email: the other reports of its bundle. */
  readonly bundled: readonly Report[];
}

/** The text of `words` for a locale: the exact tag, its language, English, then whatever there is. */
export const inLanguage = (words: Words, locale: string): string => {
  if (typeof words === "string") return words;
  const language = locale.split("-")[0] ?? locale;
  return words[locale] ?? words[language] ?? words["en"] ?? Object.values(words)[0] ?? "";
};

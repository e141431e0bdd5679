import { cut, headerText } from "#compose/plan/subject.ts";
import { asOfDay, inWords } from "#compose/plan/words/dates.ts";
import { numberFormat } from "#compose/plan/words/formats.ts";
import { wordsFor } from "#compose/plan/words/languages.ts";
import type { MailWords, SummaryOutcome } from "#compose/plan/words/words.ts";
import type { Temporal } from "#model/time.ts";

/** A delivery of the slot that didn't go out as it should, with what to do about it. */
export interface SummaryTrouble {
  readonly recipient: string;
  readonly outcome: Exclude<SummaryOutcome, "sent">;
  readonly reason: string;
  readonly toDo: string;
}

/** Everything that a slot's summary tells the report's owner. */
export interface SummaryInput {
  readonly title: string;
  readonly nominal: Temporal.Instant;
  readonly zone: string;
  /** Where the report is sent at its time in several zones, those that it tells of; else none. */
  readonly zones: readonly string[];
  readonly locale: string;
  readonly counts: Readonly<Partial<Record<SummaryOutcome, number>>>;
  /** When the last of them was sent; `null` while none was. */
  readonly finishedAt: Temporal.Instant | null;
  /** The data was late: its own date, or `null` where that isn't known; `undefined`: it was in time. */
  readonly lateData?: string | null;
  readonly troubles: readonly SummaryTrouble[];
  /** Page with the deliveries of the slot. */
  readonly ledgerUrl: string | null;
}

/** What the summary template shows. */
export interface SummaryView {
  readonly language: string;
  readonly subject: string;
  readonly preheader: string;
  readonly title: string;
  readonly kind: string;
  readonly date: string;
  readonly tone: "good" | "warn" | "bad";
  readonly headline: string;
  readonly counts: readonly {
    readonly count: string;
    readonly words: string;
    readonly tone: "good" | "warn" | "bad" | "even";
  }[];
  readonly late: string | null;
  readonly toDo: string;
  readonly head: { readonly recipient: string; readonly what: string; readonly next: string };
  readonly rows: readonly {
    readonly recipient: string;
    readonly outcome: string;
    readonly tone: "warn" | "bad" | "even";
    readonly reason: string;
    readonly toDo: string;
  }[];
  readonly more: string | null;
  readonly link: { readonly url: string; readonly words: string } | null;
  readonly footer: string;
}

/** More rows are read on the page, not in an email. */
const mostRows = 40;

const order: readonly SummaryOutcome[] = [
  "sent",
  "quarantined",
  "failed",
  "uncertain",
  "expired",
  "waiting",
  "skipped",
];

const tones = {
  sent: "good",
  quarantined: "warn",
  failed: "bad",
  uncertain: "bad",
  expired: "bad",
  waiting: "even",
  skipped: "even",
} as const satisfies Record<SummaryOutcome, string>;

/** The owner's one summary of a morning: how many were sent by when, what was not, and what to do about each. */
export const planSummary = (input: SummaryInput): SummaryView => {
  const { locale, zone, nominal, troubles, ledgerUrl } = input;
  const { language, words } = wordsFor(locale);
  const headline = headlineOf(input, words);
  const date = inWords(nominal, { locale, zone, style: "short" });
  const shown = troubles.slice(0, mostRows);
  const numbers = countsInWords(input, words);
  const place = placesOf(input.zones);
  const name = [cut(input.title, 30), ...(place === null ? [] : [place])].join(", ");
  return {
    language,
    subject: headerText("subject", [`${shortResult(input)} ${words.summary.outcome.sent}`, name, date].join(" · ")),
    preheader: numbers.map(({ count, words: name }) => `${count} ${name}`).join(" · "),
    title: cut(input.title, 120),
    kind: [words.summary.title, ...(place === null ? [] : [place])].join(" · "),
    date: inWords(nominal, { locale, zone, style: "full" }),
    tone: toneOf(input),
    headline,
    counts: numbers,
    late: lateOf(input, words),
    toDo: shown.length === 0 ? words.summary.nothingToDo : words.summary.toDo,
    head: { recipient: words.summary.recipient, what: words.summary.what, next: words.summary.next },
    rows: shown.map(({ recipient, outcome, reason, toDo }) => ({
      recipient: cut(recipient, 80),
      outcome: words.summary.outcome[outcome],
      tone: toneOfRow(outcome),
      reason: cut(reason, 220),
      toDo: cut(toDo, 300),
    })),
    more: troubles.length > mostRows ? words.andMore(troubles.length - mostRows) : null,
    link: ledgerUrl === null ? null : { url: ledgerUrl, words: words.summary.openLedger },
    footer: words.summary.why,
  };
};

/** `America/New_York` is New York. Of many the first are named and the others counted. */
const placesOf = (zones: readonly string[]): string | null => {
  if (zones.length === 0) return null;
  const names = zones.slice(0, 3).map((zone) => (zone.split("/").at(-1) ?? zone).replaceAll("_", " "));
  return [...names, ...(zones.length > names.length ? [`${zones.length - names.length}`] : [])].join(" + ");
};

const toneOfRow = (outcome: SummaryTrouble["outcome"]): "warn" | "bad" | "even" => tones[outcome];

const countOf = ({ counts }: SummaryInput, outcome: SummaryOutcome): number => counts[outcome] ?? 0;

/** What was owed: a skipped delivery was not. */
const owed = (input: SummaryInput): number =>
  order.filter((outcome) => outcome !== "skipped").reduce((sum, outcome) => sum + countOf(input, outcome), 0);

const headlineOf = (input: SummaryInput, words: MailWords): string => {
  const { locale, zone, finishedAt, nominal } = input;
  const number = (count: number) => numberFormat(locale, {}).format(count);
  const finished = inWords(finishedAt ?? nominal, { locale, zone, style: "time" });
  const sent = countOf(input, "sent");
  const all = owed(input);
  if (all === 0) return words.summary.noneDue;
  if (sent === 1 && all === 1) return words.summary.oneWell(finished);
  return sent === all
    ? words.summary.allWell(number(sent), finished)
    : words.summary.partly(number(sent), number(all), finished);
};

/** `✓ 498` or `⚠ 496/498`: the result before the title. */
const shortResult = (input: SummaryInput): string => {
  const sent = countOf(input, "sent");
  const all = owed(input);
  return sent === all ? `✓ ${sent}` : `⚠ ${sent}/${all}`;
};

const toneOf = (input: SummaryInput): SummaryView["tone"] => {
  if (countOf(input, "failed") + countOf(input, "uncertain") + countOf(input, "expired") > 0) return "bad";
  return countOf(input, "sent") === owed(input) ? "good" : "warn";
};

const countsInWords = (input: SummaryInput, words: MailWords): SummaryView["counts"] =>
  order
    .filter((outcome) => outcome === "sent" || countOf(input, outcome) > 0)
    .map((outcome) => ({
      count: numberFormat(input.locale, {}).format(countOf(input, outcome)),
      words: words.summary.outcome[outcome],
      tone: tones[outcome],
    }));

const lateOf = ({ lateData, locale, zone }: SummaryInput, words: MailWords): string | null => {
  if (lateData === undefined) return null;
  return words.summary.late(lateData === null ? null : asOfDay(lateData, { locale, zone }));
};

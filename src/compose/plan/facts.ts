import { evaluate, readExpression } from "#compose/plan/expression.ts";
import { dateInWords } from "#compose/plan/words/dates.ts";
import { numberFormat } from "#compose/plan/words/formats.ts";
import { wordsFor } from "#compose/plan/words/languages.ts";
import type { FactChange, ShownFact, Table } from "#model/message.ts";
import { type Fact, inLanguage } from "#model/report.ts";

/** A figure that was shown before: in the last sent delivery with equal filters. */
export interface PreviousFigure {
  readonly value: number;
  /** Calendar date of that delivery, `YYYY-MM-DD`. */
  readonly date: string;
}

/** Everything that a part's facts are made from. */
export interface FactsInput {
  readonly specs: readonly Fact[];
  /** The proven CSV of the part; `null` where the view has none. */
  readonly table: Table | null;
  /** Figures of the facts that come from a query, by name. */
  readonly sql: Readonly<Record<string, number | null>>;
  readonly previous: Readonly<Record<string, PreviousFigure>> | null;
  readonly locale: string;
}

/** Facts as the reader sees them, and what could not be had, for the operator. */
export interface FactsOutcome {
  readonly facts: readonly ShownFact[];
  readonly mistakes: readonly string[];
}

/** More than six figures above a picture are a table, which the reader has already. */
const mostFacts = 6;

/** The figures of one part. A fact that can't be had is shown as a dash and named in `mistakes`; it never stops an email. */
export const factsOf = (input: FactsInput): FactsOutcome => {
  const mistakes: string[] = [];
  const note = (spec: Fact, mistake: string) => mistakes.push(`fact “${spec.name}”: ${mistake}`);
  const facts = input.specs.slice(0, mostFacts).map((spec) => {
    const now = figureOf(spec, input);
    if ("mistake" in now) note(spec, now.mistake);
    const value = "mistake" in now ? null : now.value;
    const against = againstOf(spec, input);
    if (against !== null && "mistake" in against) note(spec, against.mistake);
    const comparison = against === null || "mistake" in against ? null : against;
    return {
      name: spec.name,
      label: inLanguage(spec.label, input.locale),
      value,
      shown: value === null ? "—" : figureInWords(spec, value, input.locale),
      change:
        value === null || comparison === null ? null : changeOf({ spec, value, ...comparison, locale: input.locale }),
    };
  });
  return { facts, mistakes };
};

type Figure = { readonly value: number | null } | { readonly mistake: string };

const figureOf = (spec: Fact, input: FactsInput): Figure => {
  if ("csv" in spec.from) return fromTable(spec.from.csv, input.table);
  const value = Object.hasOwn(input.sql, spec.name) ? input.sql[spec.name] : undefined;
  return value === undefined ? { mistake: "its query gave no figure" } : { value };
};

const fromTable = (text: string, table: Table | null): Figure => {
  const expression = readExpression(text);
  if ("mistake" in expression) return expression;
  if (table === null) return { mistake: "the view gives no CSV" };
  const value = evaluate(expression, table);
  return value !== null && typeof value === "object" ? value : { value };
};

interface Comparison {
  readonly before: number;
  /** `Wed 18 Nov` or the fact's own words. */
  readonly what: string;
}

const againstOf = (spec: Fact, input: FactsInput): Comparison | { readonly mistake: string } | null => {
  if (spec.against !== null) {
    const figure = fromTable(spec.against.csv, input.table);
    if ("mistake" in figure) return figure;
    return figure.value === null ? null : { before: figure.value, what: inLanguage(spec.against.label, input.locale) };
  }
  const previous =
    input.previous !== null && Object.hasOwn(input.previous, spec.name) ? input.previous[spec.name] : undefined;
  if (previous === undefined) return null;
  return { before: previous.value, what: dateInWords(previous.date, { locale: input.locale, style: "short" }) };
};

/** A figure in the recipient's way of writing: thousands, decimals, percent, currency. */
export const figureInWords = (
  spec: Pick<Fact, "style" | "currency" | "decimals">,
  value: number,
  locale: string,
): string => {
  const digits = spec.decimals ?? decimalsFor(spec.style, value);
  const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const currency = spec.style === "currency" ? { currency: spec.currency ?? "EUR" } : {};
  const style = spec.style === "number" ? "decimal" : spec.style;
  // A figure that rounds to nothing is 0, never “-0”.
  return numberFormat(locale, { style, signDisplay: "negative", ...currency, ...fixed }).format(value);
};

const decimalsFor = (style: Fact["style"], value: number): number => {
  if (style === "percent") return 1;
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return 0;
  return Math.abs(value) >= 100 && style === "number" ? 1 : 2;
};

interface ChangeInput extends Comparison {
  readonly spec: Fact;
  readonly value: number;
  readonly locale: string;
}

const changeOf = ({ spec, value, before, what, locale }: ChangeInput): FactChange => {
  const { words } = wordsFor(locale);
  const against = words.versus(what);
  const amount = amountOf({ spec, value, before, what, locale });
  if (amount === null) return { shown: words.unchanged, against, tone: "even" };
  const rose = value > before;
  return { shown: `${rose ? "▲" : "▼"} ${amount}`, against, tone: toneOf(spec.better, rose) };
};

const toneOf = (better: Fact["better"], rose: boolean): FactChange["tone"] => {
  if (better === null) return "even";
  return rose === (better === "higher") ? "good" : "bad";
};

/** How far it moved: points for a percentage, the difference itself where the figure before was 0 or of another sign, else percent. */
const amountOf = ({ spec, value, before, locale }: ChangeInput): string | null => {
  const { words } = wordsFor(locale);
  const difference = Math.abs(value - before);
  if (spec.style === "percent")
    return isNews(difference * 100, 1) ? words.points(plain(difference * 100, 1, locale)) : null;
  if (before === 0 || Math.sign(before) !== Math.sign(value || before)) {
    return difference === 0 ? null : figureInWords(spec, difference, locale);
  }
  const share = difference / Math.abs(before);
  if (!isNews(share * 100, 1)) return null;
  const digits = share >= 1 ? 0 : 1;
  const format = numberFormat(locale, {
    style: "percent",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return share > 9.99 ? `>${format.format(9.99)}` : format.format(share);
};

/** False for what would be shown as 0: “▲ 0.0 %” is no news. */
const isNews = (amount: number, digits: number): boolean => Number(amount.toFixed(digits)) !== 0;

const plain = (amount: number, digits: number, locale: string): string =>
  numberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount);

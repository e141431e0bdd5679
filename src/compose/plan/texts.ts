import type { EmailInput } from "#compose/plan/email.ts";
import { inWords } from "#compose/plan/words/dates.ts";
import { wordsFor } from "#compose/plan/words/languages.ts";
import { filtersInWords } from "#model/filters.ts";
import { inLanguage } from "#model/report.ts";

/**
 * The variables that a report's own subject, greeting, intro and contact may use, such as `{{name}}` or `{{facts.revenue}}`.
 * Values are shown as they are and never read as a template themselves.
 */
export interface TextVariables {
  /** The recipient's whole name and its first word. */
  readonly name: string;
  readonly firstName: string;
  /** The report's title. */
  readonly title: string;
  /** The subscription's label. */
  readonly label: string;
  /** All filters in words, and each of the report's by its name: `{{filter.Region}}`, “All” for who isn't narrowed by it. */
  readonly filters: string;
  readonly filter: Readonly<Record<string, string>>;
  /** `Thursday 19 November 2026`, `Thu 19 Nov`, `07:00`. */
  readonly date: string;
  readonly shortDate: string;
  readonly time: string;
  /** The date of the data, or nothing. */
  readonly dataAsOf: string;
  /** Each fact as it is shown, and its change (or nothing), by the fact's name. */
  readonly facts: Readonly<Record<string, string>>;
  readonly changes: Readonly<Record<string, string>>;
}

/** The values of the variables for one delivery. A fact of several parts is the first part's. */
export const variablesOf = ({ delivery, report, parts, dataAsOf }: EmailInput): TextVariables => {
  const { locale, zone, nominal, filters } = delivery;
  const { words } = wordsFor(locale);
  const facts = parts.flatMap((part) => part.facts).toReversed();
  const byName = (shown: (fact: (typeof facts)[number]) => string) =>
    Object.fromEntries(facts.map((fact) => [fact.name, shown(fact)]));
  const values = filters === "all" ? [] : Object.entries(filters);
  const byFilter = Object.fromEntries(values.map(([name, chosen]) => [name, chosen.join(", ")]));
  // Who isn't narrowed by one of the report's filters sees all of it; the same words must do for them.
  const names = [report, ...report.bundled].flatMap((one) => Object.keys(one.filter));
  const unfiltered = Object.fromEntries(names.map((name) => [name, words.allValues]));
  return {
    name: delivery.recipientName,
    firstName: delivery.recipientName.trim().split(/\s+/)[0] ?? "",
    title: inLanguage(report.title, locale),
    label: delivery.label,
    filters: filtersInWords(filters, words.everything),
    filter: { ...unfiltered, ...byFilter },
    date: inWords(nominal, { locale, zone, style: "full" }),
    shortDate: inWords(nominal, { locale, zone, style: "short" }),
    time: inWords(nominal, { locale, zone, style: "time" }),
    dataAsOf: dataAsOf ?? "",
    facts: byName((fact) => fact.shown),
    changes: byName((fact) => fact.change?.shown ?? ""),
  };
};

import { describe, expect, test } from "vitest";
import { type FactsInput, factsOf } from "#compose/plan/facts.ts";
import type { Fact } from "#model/report.ts";
import { specFor } from "../../support/emails.ts";

const table = (revenue: number, lastWeek = 0) => ({
  columns: ["Revenue", "Revenue last week"],
  rows: [[String(revenue), String(lastWeek)]],
});

const factOf = (spec: Partial<Fact>, more: Partial<FactsInput> = {}) =>
  factsOf({ specs: [specFor(spec)], table: table(12_340), sql: {}, previous: null, locale: "en", ...more });

const before = (value: number) => ({ revenue: { value, date: "2026-11-18" } });

describe("a figure as it is shown", () => {
  test.each([
    ["en", {}, 12_340, "12,340"],
    ["de-DE", {}, 12_340, "12.340"],
    ["nl", { style: "currency", currency: "EUR" }, 12_340, "€ 12.340"],
    ["de", { style: "currency", currency: "EUR" }, 12.5, "12,50 €"],
    ["en-US", { style: "currency", currency: "USD" }, -12.5, "-$12.50"],
    ["ja", { style: "currency", currency: "JPY", decimals: 0 }, 12_340, "￥12,340"],
    ["en", { style: "percent" }, 0.1234, "12.3%"],
    ["de", { style: "percent", decimals: 0 }, 0.1234, "12 %"],
    ["en", { decimals: 2 }, 3, "3.00"],
    ["en", {}, 0.5, "0.50"],
    ["en", {}, -0.0001, "0.00"],
    ["no-such-locale-at-all", {}, 1_234, "1,234"],
  ] as const)("in %s with %o: %d is %s", (...[locale, spec, value, expected]) => {
    const [fact] = factOf(spec, { table: table(value), locale }).facts;
    expect(fact?.shown.replaceAll(/[\u00a0\u202f]/g, " ")).toBe(expected);
    expect(fact?.value).toBe(value);
  });

  test("that can't be had is a dash, and the operator is told why", () => {
    const { facts, mistakes } = factOf({ from: { csv: "sum(Turnover)" } });
    expect(facts[0]).toMatchObject({ shown: "—", value: null, change: null });
    expect(mistakes).toEqual([
      "fact “revenue”: there is no column “Turnover”; the view's CSV has “Revenue”, “Revenue last week”",
    ]);
  });

  test("from a query is the query's", () => {
    const spec = { from: { sql: "select 1", source: "warehouse" } };
    expect(factOf(spec, { sql: { revenue: 7 } }).facts[0]?.shown).toBe("7");
    expect(factOf(spec, { sql: {} }).mistakes).toEqual(["fact “revenue”: its query gave no figure"]);
    expect(factOf(spec, { sql: { revenue: null } }).facts[0]?.shown).toBe("—");
  });

  test("isn't there beyond the sixth", () => {
    const specs = Array.from({ length: 9 }, (_, at) => specFor({ name: `f${at}` }));
    expect(factsOf({ specs, table: table(1), sql: {}, previous: null, locale: "en" }).facts).toHaveLength(6);
  });

  test("has its label in the recipient's language", () => {
    expect(factOf({}, { locale: "de-AT" }).facts[0]?.label).toBe("Umsatz");
  });
});

describe("a change", () => {
  test.each([
    ["rose", 11_842, "▲ 4.2%", "good"],
    ["fell", 12_561, "▼ 1.8%", "bad"],
    ["doubled", 6_170, "▲ 100%", "good"],
    ["exploded", 1, "▲ >999%", "good"],
    ["stayed", 12_340, "unchanged", "even"],
    ["moved by less than is shown", 12_341, "unchanged", "even"],
    ["came from nothing", 0, "▲ 12,340", "good"],
    ["came from below nothing", -100, "▲ 12,440", "good"],
  ])("that %s", (...[, value, shown, tone]) => {
    expect(factOf({}, { previous: before(value) }).facts[0]?.change).toEqual({ shown, against: "vs Wed 18 Nov", tone });
  });

  test("of nothing to nothing is none", () => {
    const [fact] = factOf({}, { table: table(0), previous: before(0) }).facts;
    expect(fact?.change?.shown).toBe("unchanged");
  });

  test("to nothing is a fall by all of it", () => {
    expect(factOf({}, { table: table(0), previous: before(50) }).facts[0]?.change?.shown).toBe("▼ 100%");
  });

  test("of a percentage is in points, in the language's words", () => {
    const spec = { style: "percent", better: "lower" } as const;
    const more = { table: table(0.024), previous: before(0.021) };
    expect(factOf(spec, more).facts[0]?.change).toMatchObject({ shown: "▲ 0.3 pts", tone: "bad" });
    expect(factOf(spec, { ...more, locale: "de" }).facts[0]?.change?.shown).toBe("▲ 0,3 Pp.");
  });

  test("is good news for neither side where the report names no better side", () => {
    expect(factOf({ better: null }, { previous: before(1) }).facts[0]?.change?.tone).toBe("even");
  });

  test("isn't told without a figure before", () => {
    expect(factOf({}).facts[0]?.change).toBeNull();
    expect(factOf({}, { previous: { other: { value: 1, date: "2026-11-18" } } }).facts[0]?.change).toBeNull();
  });

  test("against a figure of the same rows comes before the last email's", () => {
    const spec = {
      against: { csv: "sum(Revenue last week)", label: { en: "last Thursday", de: "letzten Donnerstag" } },
    };
    const more = { table: table(110, 100), previous: before(1) };
    expect(factOf(spec, more).facts[0]?.change).toMatchObject({ shown: "▲ 10.0%", against: "vs last Thursday" });
    expect(factOf(spec, { ...more, locale: "de" }).facts[0]?.change?.against).toBe("ggü. letzten Donnerstag");
  });

  test("against a column that isn't there leaves the figure and tells the operator", () => {
    const { facts, mistakes } = factOf({ against: { csv: "sum(Nope)", label: "x" } });
    expect(facts[0]).toMatchObject({ shown: "12,340", change: null });
    expect(mistakes).toHaveLength(1);
  });

  test("is not taken from what every object inherits", () => {
    expect(factOf({ name: "constructor" }, { previous: {} }).facts[0]?.change).toBeNull();
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, mistakeInExpression, numberOf, readExpression } from "#compose/plan/expression.ts";
import type { Table } from "#model/message.ts";

const table: Table = {
  columns: ["Region", "Customer", "Revenue", "Revenue last week", "Profit (EUR)", "A / B", "Note"],
  rows: [
    ["North", "Müller", "100.5", "80", "10", "1", ""],
    ["North", "Møller", "1,200", "", "-4", "2", "n/a"],
    ["North", "Müller", "€ 3.5", "20", "", "3", "x"],
  ],
};

const figureOf = (text: string, from: Table = table) => {
  const read = readExpression(text);
  return "mistake" in read ? read : evaluate(read, from);
};

describe("a figure from rows", () => {
  test.each([
    ["sum(Revenue)", 1304],
    ["  SUM ( Revenue )  ", 1304],
    ["sum(revenue)", 1304],
    ["sum(Revenue last week)", 100],
    ["avg(Revenue last week)", 50],
    ["min(Profit (EUR))", -4],
    ["max(Profit (EUR))", 10],
    ["count()", 3],
    ["count(Profit (EUR))", 2],
    ["distinct(Customer)", 2],
    ["first(Revenue)", 100.5],
    ["sum(A / B)", 6],
    ['sum("A / B")', 6],
    ["sum(Profit (EUR)) / sum(Revenue last week)", 0.06],
    ["sum(Revenue last week) / count()", 100 / 3],
  ])("%s is %d", (text, expected) => {
    expect(figureOf(text)).toBeCloseTo(expected as number, 10);
  });

  test.each([
    "sum(Revenue)",
    "avg(Revenue)",
    "min(Revenue)",
    "max(Revenue)",
    "first(Revenue)",
    "sum(Revenue) / count()",
  ])("%s of no rows is no figure, not zero", (text) => {
    expect(figureOf(text, { ...table, rows: [] })).toBeNull();
  });

  test("no rows are counted as zero", () => {
    expect(figureOf("count()", { ...table, rows: [] })).toBe(0);
  });

  test("a division by zero is no figure", () => {
    expect(figureOf("sum(Revenue) / sum(Z)", { columns: ["Revenue", "Z"], rows: [["5", "0"]] })).toBeNull();
  });

  test("rows that are shorter than the header miss a cell and nothing else", () => {
    expect(figureOf("sum(B)", { columns: ["A", "B"], rows: [["1"], ["2", "3"]] })).toBe(3);
  });
});

describe("a mistake", () => {
  test.each([
    ["sum(Nope)", "there is no column “Nope”; the view's CSV has “Region”, “Customer”"],
    ["sum(Note)", "column “Note” holds “n/a”, which is no number"],
    ["sum()", "sum() names no column; write sum(Column)"],
    ["median(Revenue)", "“median” is no known function; write it as sum(Column)"],
    ["Revenue", "“Revenue” is no figure; write it as sum(Column)"],
    ["", "“” is no figure"],
    ["sum(A) / sum(B) / sum(C)", "divides more than once"],
  ])("in %j is told with what would be right", (text, words) => {
    const answer = figureOf(text);
    expect(answer).toMatchObject({ mistake: expect.stringContaining(words) });
  });

  test("can be told before there are rows", () => {
    expect(mistakeInExpression("sum(Revenue)", null)).toBeNull();
    expect(mistakeInExpression("sum(Revenue) / sum(Nope)", ["Revenue"])).toContain("“Nope”");
    expect(mistakeInExpression("summ(Revenue)", null)).toContain("summ");
  });
});

describe("a number in a cell", () => {
  test.each([
    ["12", 12],
    ["-12.50", -12.5],
    ["+3", 3],
    ["1e3", 1000],
    ["1,234,567.8", 1_234_567.8],
    ["$1,200", 1200],
    ["-€5", -5],
    ["5 €", 5],
    ["(5)", -5],
    ["12.5%", 0.125],
    ["−7", -7],
    ["1 234.5", 1234.5],
    [".5", 0.5],
    ["1.234,5", null],
    ["12,34", null],
    ["1,23,456", null],
    ["n/a", null],
    ["1-2", null],
    ["", null],
    ["Infinity", null],
    ["1e999", null],
    ["2026-11-19", null],
  ])("%j is %s", (cell, expected) => {
    expect(numberOf(cell)).toBe(expected);
  });

  test("written by this runtime is read back as it is", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (figure) => numberOf(String(figure)) === figure),
    );
  });
});

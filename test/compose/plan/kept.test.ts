import { expect, test } from "vitest";
import { keptName, previousOf } from "#compose/plan/kept.ts";
import { factFor } from "../../support/emails.ts";

const sales = { report: "daily", view: "sales", heading: "North" };
const stock = { report: "daily", view: "stock", heading: "North" };
const south = { ...sales, heading: "South" };

const kept = (part: typeof sales, value: number | null) => factFor({ name: keptName(part, "revenue"), value });
const date = "2026-11-18";

test("a figure is compared with its own view and section, wherever they stood in the last email", () => {
  const last = { date, facts: [kept(stock, 1), kept(sales, 2), kept(south, 3)] };
  expect(previousOf(last, sales, 0)).toEqual({ revenue: { value: 2, date } });
  expect(previousOf(last, stock, 1)).toEqual({ revenue: { value: 1, date } });
  expect(previousOf(last, south, 2)).toEqual({ revenue: { value: 3, date } });
});

test("what was not shown then has nothing before it", () => {
  const last = { date, facts: [kept(sales, 2), kept(south, null)] };
  expect(previousOf(last, stock, 0)).toEqual({});
  expect(previousOf(last, south, 1)).toEqual({});
});

test("figures that were kept by place are still read", () => {
  const last = { date, facts: [factFor({ name: "0/revenue", value: 2 }), factFor({ name: "1/revenue", value: 3 })] };
  expect(previousOf(last, south, 1)).toEqual({ revenue: { value: 3, date } });
});

test("names with slashes and quotes are told apart", () => {
  const a = { report: "daily", view: 'a"/b', heading: null };
  const b = { report: "daily", view: "a", heading: '"/b' };
  const last = { date, facts: [factFor({ name: keptName(a, "x/y"), value: 1 })] };
  expect(previousOf(last, a, 0)).toEqual({ "x/y": { value: 1, date } });
  expect(previousOf(last, b, 0)).toEqual({});
});

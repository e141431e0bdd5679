import { expect, test } from "vitest";
import { customers } from "../../demo/server/catalogue.ts";
import { dayOf, isoOf, weekdayOf } from "../../demo/server/day.ts";
import { openLedger } from "../../demo/server/orders.ts";

const twoYears = 731;
const last = dayOf("2026-03-10");
const all = (seed?: number) => {
  const ledger = openLedger(seed);
  return Array.from({ length: twoYears }, (_, n) => ledger.of(last - n)).flat();
};

test("two years hold more than 10,000 orders of every customer, with unique ids", () => {
  const orders = all();
  expect(orders.length).toBeGreaterThan(10_000);
  expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length);
  expect(new Set(orders.map(({ Customer }) => Customer))).toEqual(new Set(customers));
});

test("a day's orders don't depend on which days were looked at before", () => {
  const [one, other] = [openLedger(), openLedger()];
  for (let day = last - 40; day < last; day += 1) one.of(day);
  expect(one.of(last)).toEqual(other.of(last));
});

test("another seed makes other orders", () => {
  expect(openLedger(1).of(last)).not.toEqual(openLedger(2).of(last));
});

test("the week and the year have their shape", () => {
  const orders = all();
  const mean = (wanted: (day: number) => boolean): number => {
    const days = Array.from({ length: twoYears }, (_, n) => last - n).filter(wanted);
    return orders.filter(({ day }) => wanted(day)).length / days.length;
  };
  expect(mean((day) => weekdayOf(day) === 0)).toBeLessThan(mean((day) => weekdayOf(day) === 5) / 2);
  expect(mean((day) => isoOf(day).slice(5, 7) === "12")).toBeGreaterThan(
    mean((day) => isoOf(day).slice(5, 7) === "07"),
  );
});

import { categories, customers, regions } from "./catalogue.ts";
import { type Day, isoOf } from "./day.ts";
import { type Asked, type FilterColumn, ordersOn } from "./filters.ts";
import type { Order } from "./orders.ts";
import type { Row, TileAnswer } from "./tile.ts";

interface Sums {
  orders: number;
  units: number;
  cents: number;
}

interface Group {
  readonly labels: Readonly<Partial<Record<FilterColumn, string>>>;
  readonly now: Sums;
  readonly before: Sums;
}

const nothing = (): Sums => ({ orders: 0, units: 0, cents: 0 });
const euros = (cents: number): number => Math.round(cents) / 100;

const add = (sums: Sums, order: Order): void => {
  sums.orders += 1;
  sums.units += order.units;
  sums.cents += order.cents;
};

const sumsOn = (asked: Asked, day: Day): Sums => {
  const sums = nothing();
  for (const order of ordersOn(asked, day)) add(sums, order);
  return sums;
};

const ranks: Readonly<Record<string, readonly string[]>> = {
  Region: regions.map(({ name }) => name),
  Category: categories.map(({ name }) => name),
  Customer: customers,
};

const rank = (group: Group): number => {
  let place = 0;
  for (const column of ["Region", "Category", "Customer"] as const) {
    const values = ranks[column] ?? [];
    place = place * (values.length + 1) + values.indexOf(group.labels[column] ?? "") + 1;
  }
  return place;
};

/** Yesterday beside the same weekday of the week before, summed by the columns, in the order of the catalogue. */
const compared = (asked: Asked, columns: readonly FilterColumn[]): readonly Group[] => {
  const groups = new Map<string, Group>();
  const gather = (day: Day, side: "now" | "before"): void => {
    for (const order of ordersOn(asked, day)) {
      const key = JSON.stringify(columns.map((column) => order[column]));
      const labels = Object.fromEntries(columns.map((column) => [column, order[column]]));
      const group = groups.get(key) ?? { labels, now: nothing(), before: nothing() };
      groups.set(key, group);
      add(group[side], order);
    }
  };
  gather(asked.asOf, "now");
  gather(asked.asOf - 7, "before");
  return [...groups.values()].sort((a, b) => rank(a) - rank(b));
};

const rowOf = ({ labels, now, before }: Group): Row => ({
  ...labels,
  Orders: now.orders,
  Units: now.units,
  Revenue: euros(now.cents),
  "Orders last week": before.orders,
  "Units last week": before.units,
  "Revenue last week": euros(before.cents),
});

const figure = (asked: Asked, measure: (sums: Sums) => number): TileAnswer => ({
  rows: compared(asked, ["Region", "Category"]).map(rowOf),
  value: measure(sumsOn(asked, asked.asOf)),
  before: measure(sumsOn(asked, asked.asOf - 7)),
  series: Array.from({ length: 21 }, (_, n) => measure(sumsOn(asked, asked.asOf - 20 + n))),
});

/** Yesterday's revenue in euros. */
export const revenue = (asked: Asked): TileAnswer => figure(asked, ({ cents }) => euros(cents));
/** How many orders came in yesterday. */
export const ordersTaken = (asked: Asked): TileAnswer => figure(asked, ({ orders }) => orders);
/** Yesterday's revenue for each order, in euros; 0 without orders. */
export const averageOrder = (asked: Asked): TileAnswer =>
  figure(asked, ({ cents, orders }) => (orders === 0 ? 0 : euros(cents / orders)));
/** How many units were ordered yesterday. */
export const unitsSold = (asked: Asked): TileAnswer => figure(asked, ({ units }) => units);

/** Revenue of each of the last 30 days by region, beside the same weekday 52 weeks earlier. */
export const revenueTrend = (asked: Asked): TileAnswer => {
  const rows: Row[] = [];
  for (let day = asked.asOf - 29; day <= asked.asOf; day += 1) {
    const now = Map.groupBy(ordersOn(asked, day), ({ Region }) => Region);
    const yearAgo = Map.groupBy(ordersOn(asked, day - 364), ({ Region }) => Region);
    for (const { name } of regions) {
      if (!now.has(name) && !yearAgo.has(name)) continue;
      const cents = (orders: readonly Order[] = []): number => orders.reduce((sum, order) => sum + order.cents, 0);
      const [Revenue, before] = [euros(cents(now.get(name))), euros(cents(yearAgo.get(name)))];
      rows.push({ Day: isoOf(day), Region: name, Revenue, "Revenue last year": before });
    }
  }
  return { rows };
};

/** Yesterday's revenue by region and category. */
export const revenueMix = (asked: Asked): TileAnswer => ({ rows: compared(asked, ["Region", "Category"]).map(rowOf) });

/** Yesterday's customers, the largest first. */
export const topCustomers = (asked: Asked): TileAnswer => ({
  rows: compared(asked, ["Region", "Customer"])
    .filter(({ now }) => now.orders > 0)
    .sort((a, b) => b.now.cents - a.now.cents)
    .map(rowOf),
});

/** One row for each region, category and customer that ordered yesterday or on the same weekday of the week before. */
export const salesExport = (asked: Asked): readonly Row[] =>
  compared(asked, ["Region", "Category", "Customer"]).map(rowOf);

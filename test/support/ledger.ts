import { dayOf } from "../../demo/server/day.ts";
import { type Order, openLedger } from "../../demo/server/orders.ts";

/** Column → values; as a recipient's filters say. */
export type Wanted = Readonly<Record<string, readonly string[]>>;

const ledger = openLedger();

/** The orders of the day before `today` (or of another day `daysBack` earlier) that belong to somebody, straight from the company's books. */
export const ordersOf = (today: string, wanted: Wanted, daysBack = 1): readonly Order[] =>
  ledger.of(dayOf(today) - daysBack).filter((order) => has(order, wanted));

const has = (order: Order, wanted: Wanted): boolean =>
  Object.entries(wanted).every(([column, values]) => values.includes(String(Reflect.get(order, column))));

/** Euros of yesterday's orders. */
export const revenueOf = (today: string, wanted: Wanted): number =>
  Math.round(ordersOf(today, wanted).reduce((sum, { cents }) => sum + cents, 0)) / 100;

/** One line for each region, category and customer: its name, orders and revenue of yesterday, and revenue a week before. Sorted. */
export const linesOf = (today: string, wanted: Wanted): readonly string[] => {
  const lines = new Map<string, { orders: number; cents: number; before: number }>();
  const add = (order: Order, isNow: boolean): void => {
    const key = [order.Region, order.Category, order.Customer].join(" | ");
    const line = lines.get(key) ?? { orders: 0, cents: 0, before: 0 };
    lines.set(key, line);
    if (isNow) line.orders += 1;
    if (isNow) line.cents += order.cents;
    else line.before += order.cents;
  };
  for (const order of ordersOf(today, wanted)) add(order, true);
  for (const order of ordersOf(today, wanted, 8)) add(order, false);
  return [...lines].map(([key, { orders, cents, before }]) => lineOf(key, orders, cents / 100, before / 100)).sort();
};

/** A row of the view's CSV in the same form as `linesOf`. */
export const lineOfRow = (row: Readonly<Record<string, string>>): string =>
  lineOf(
    [row["Region"], row["Category"], row["Customer"]].join(" | "),
    Number(row["Orders"]),
    Number(row["Revenue"]),
    Number(row["Revenue last week"]),
  );

const lineOf = (key: string, ...[orders, revenue, before]: readonly [number, number, number]): string =>
  `${key}: ${orders}, ${revenue.toFixed(2)} (${before.toFixed(2)})`;

/** `€12,345`. */
export const euros = (amount: number, locale = "en-GB"): string =>
  new Intl.NumberFormat(locale, { style: "currency", currency: "EUR", maximumFractionDigits: 0 }).format(amount);

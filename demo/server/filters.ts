import type { Day } from "./day.ts";
import type { Ledger, Order } from "./orders.ts";

/** The columns of an order that views can be filtered by. */
export const filterColumns = ["Region", "Category", "Customer", "Warehouse"] as const;

/** One of the columns that views can be filtered by. */
export type FilterColumn = (typeof filterColumns)[number];

/** The values asked for, by column; a column that is absent is not filtered. */
export type Filters = Readonly<Partial<Record<FilterColumn, readonly string[]>>>;

/** What a tile or an export is made from. */
export interface Asked {
  readonly ledger: Ledger;
  readonly asOf: Day;
  readonly filters: Filters;
}

const has = (order: Order, filters: Filters): boolean =>
  filterColumns.every((column) => filters[column]?.includes(order[column]) ?? true);

/** The orders of one day that the filters let through. */
export const ordersOn = ({ ledger, filters }: Asked, day: Day): readonly Order[] =>
  ledger.of(day).filter((order) => has(order, filters));

/** Reads the filters of an address; parameters that the view does not know are ignored without a word. */
export const filtersOf = (query: URLSearchParams, known: readonly FilterColumn[]): Filters => {
  const filters: Partial<Record<FilterColumn, readonly string[]>> = {};
  for (const column of known) {
    const values = query.getAll(column);
    if (values.length > 0) filters[column] = values;
  }
  return filters;
};

/** Filters → the query of an address, a repeated key for several values. */
export const queryOf = (filters: Filters): URLSearchParams => {
  const query = new URLSearchParams();
  for (const column of filterColumns) for (const value of filters[column] ?? []) query.append(column, value);
  return query;
};

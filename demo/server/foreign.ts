import { categories, customers, regions, warehouses } from "./catalogue.ts";
import type { FilterColumn, Filters } from "./filters.ts";

const values: Readonly<Record<FilterColumn, readonly string[]>> = {
  Region: regions.map(({ name }) => name),
  Category: categories.map(({ name }) => name),
  Customer: customers,
  Warehouse: warehouses,
};

/** One filter turned to a value that was not asked for: somebody else's rows. Unfiltered requests stay as they are. */
export const foreign = (filters: Filters): Filters => {
  for (const column of ["Region", "Customer", "Warehouse", "Category"] as const) {
    const asked = filters[column];
    if (asked === undefined) continue;
    const other = values[column].find((value) => !asked.includes(value));
    return { [column]: other === undefined ? [] : [other] };
  }
  return filters;
};

import { categories, customers, regions, warehouses } from "./catalogue.ts";
import type { Asked, FilterColumn } from "./filters.ts";
import { coverByWarehouse, lateList, lateShipments, openOrders, operationsExport, stockCover } from "./operations.ts";
import {
  averageOrder,
  ordersTaken,
  revenue,
  revenueMix,
  revenueTrend,
  salesExport,
  topCustomers,
  unitsSold,
} from "./sales.ts";
import type { Row, Tile } from "./tile.ts";

/** A filter of a view as `/api/views` names it. */
export interface ViewFilter {
  readonly name: FilterColumn;
  readonly column: FilterColumn;
  readonly values: readonly string[];
}

/** A dashboard with its filters, tiles and export. */
export interface View {
  readonly path: string;
  readonly title: string;
  readonly filters: readonly ViewFilter[];
  readonly tiles: readonly Tile[];
  readonly header: readonly string[];
  readonly exportRows: (asked: Asked) => readonly Row[];
}

const filter = (name: FilterColumn, values: readonly string[]): ViewFilter => ({ name, column: name, values });
const regionFilter = filter(
  "Region",
  regions.map(({ name }) => name),
);

const salesTiles: readonly Tile[] = [
  { name: "revenue", kind: "figure", span: 3, delayMs: 60, format: "money", answer: revenue },
  { name: "orders", kind: "figure", span: 3, delayMs: 20, format: "count", answer: ordersTaken },
  { name: "average-order", kind: "figure", span: 3, delayMs: 110, format: "money", answer: averageOrder },
  { name: "units", kind: "figure", span: 3, delayMs: 40, format: "count", answer: unitsSold },
  { name: "trend", kind: "trend", span: 8, delayMs: 220, answer: revenueTrend },
  { name: "mix", kind: "mix", span: 4, delayMs: 150, answer: revenueMix },
  {
    name: "customers",
    kind: "table",
    span: 12,
    delayMs: 300,
    answer: topCustomers,
    columns: [
      { key: "#", format: "place" },
      { key: "Customer", format: "text" },
      { key: "Region", format: "text", wideOnly: true },
      { key: "Orders", format: "count" },
      { key: "Units", format: "count", wideOnly: true },
      { key: "Share", format: "share", against: "Revenue", wideOnly: true },
      { key: "Revenue", format: "money" },
      { key: "Change", format: "change", against: "Revenue" },
    ],
  },
];

const operationsTiles: readonly Tile[] = [
  {
    name: "late-shipments",
    kind: "figure",
    span: 4,
    delayMs: 80,
    format: "count",
    lessIsBetter: true,
    answer: lateShipments,
  },
  {
    name: "open-orders",
    kind: "figure",
    span: 4,
    delayMs: 30,
    format: "count",
    lessIsBetter: true,
    answer: openOrders,
  },
  { name: "stock-cover", kind: "figure", span: 4, delayMs: 120, format: "days", answer: stockCover },
  { name: "cover-by-warehouse", kind: "cover", span: 12, delayMs: 200, answer: coverByWarehouse },
  {
    name: "late-list",
    kind: "table",
    span: 12,
    delayMs: 280,
    answer: lateList,
    columns: [
      { key: "Warehouse", format: "code" },
      { key: "Order", format: "code", wideOnly: true },
      { key: "Customer", format: "text" },
      { key: "Region", format: "text", wideOnly: true },
      { key: "Category", format: "code", wideOnly: true },
      { key: "Promised", format: "day" },
      { key: "Days late", format: "days" },
      { key: "Revenue", format: "money", wideOnly: true },
    ],
  },
];

/** The two dashboards of the sample report server. */
export const views: readonly View[] = [
  {
    path: "Daily Sales Report/Yesterday Sales Summary",
    title: "Yesterday Sales Summary",
    filters: [
      regionFilter,
      filter(
        "Category",
        categories.map(({ name }) => name),
      ),
      filter("Customer", customers),
    ],
    tiles: salesTiles,
    header: ["Region", "Category", "Customer", "Orders", "Units", "Revenue", "Revenue last week"],
    exportRows: salesExport,
  },
  {
    path: "Operations/Stock and Shipping",
    title: "Stock and Shipping",
    filters: [regionFilter, filter("Warehouse", warehouses)],
    tiles: operationsTiles,
    header: ["Region", "Warehouse", "Order", "Customer", "Category", "Promised", "Days late", "Units", "Revenue"],
    exportRows: operationsExport,
  },
];

/** The view of a path such as `Operations/Stock and Shipping`, if there is one. */
export const viewAt = (path: string): View | undefined => views.find((view) => view.path === path);

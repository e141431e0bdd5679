import type { Json } from "#render/servers/json.ts";
import { at, listOf, textOf, within } from "#render/servers/json.ts";

/** Distinct values by column: the shape of `DataRequest.columns`. */
export type Columns = Readonly<Record<string, readonly string[]>>;

const mostValues = 200;
const mostColumns = 500;
const deepest = 12;

/** Lists that describe columns are no rows. */
const descriptions: ReadonlySet<string> = new Set(["cols", "columns", "fields"]);

type Found = Map<string, Set<string>>;

/**
 * The columns of whatever rows a JSON answer holds, wherever they lie in it: lists of objects (most APIs, Superset, Redash), lists of
 * lists beside their column names (Metabase's `cols` and `rows`), and columns apart from their names (Grafana's frames). At most
 * 200 different values a column; `null` when there is none. Cells without a value are left out, since totals have them.
 */
export const columnsIn = (answer: unknown): Columns | null => {
  const found: Found = new Map();
  walk(answer, found, 0);
  if (found.size === 0) return null;
  return Object.fromEntries([...found].map(([column, values]) => [column, [...values]]));
};

const walk = (json: Json, found: Found, depth: number): void => {
  if (typeof json !== "object" || json === null || depth > deepest) return;
  if (Array.isArray(json)) {
    for (const item of json) row(item, found);
  } else {
    table(json, found);
    frame(json, found);
  }
  for (const [key, inner] of Object.entries(json)) if (!descriptions.has(key)) walk(inner, found, depth + 1);
};

const row = (json: Json, found: Found): void => {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return;
  for (const [column, cell] of Object.entries(json)) keep(found, column, cell);
};

/** `{cols: [{name}], rows: [[…]]}`, or `columns` in place of `cols`. */
const table = (json: Json, found: Found): void => {
  const names = (Array.isArray(at(json, "cols")) ? listOf(at(json, "cols")) : listOf(at(json, "columns"))).map(nameOf);
  for (const cells of names.length === 0 ? [] : listOf(at(json, "rows"))) {
    for (const [place, cell] of listOf(cells).entries()) keep(found, names[place] ?? "", cell);
  }
};

/** `{schema: {fields: [{name}]}, data: {values: [[…], […]]}}`: each inner list is a column. */
const frame = (json: Json, found: Found): void => {
  const names = listOf(within(json, "schema", "fields")).map(nameOf);
  for (const [place, cells] of listOf(within(json, "data", "values")).entries()) {
    for (const cell of listOf(cells)) keep(found, names[place] ?? "", cell);
  }
};

const nameOf = (column: Json): string => textOf(column) ?? textOf(at(column, "name")) ?? "";

const keep = (found: Found, column: string, cell: Json): void => {
  const text = typeof cell === "boolean" ? String(cell) : textOf(cell);
  if (text === null || column === "") return;
  const values = found.get(column) ?? new Set();
  if (values.size >= mostValues || (values.size === 0 && found.size >= mostColumns)) return;
  found.set(column, values.add(text));
};

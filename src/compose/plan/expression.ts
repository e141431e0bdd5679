import type { Table } from "#model/message.ts";

/** What can be asked of a column. `count` needs none. */
const functions = ["sum", "count", "avg", "min", "max", "first", "distinct"] as const;
type FunctionName = (typeof functions)[number];

/** One aggregate over the rows. `column` is `null` for `count()`. */
interface Aggregate {
  readonly name: FunctionName;
  readonly column: string | null;
}

/** `sum(Revenue)` or the ratio `sum(Profit) / sum(Revenue)`. */
export interface Expression {
  readonly top: Aggregate;
  readonly bottom: Aggregate | null;
}

/** A sentence that says what can't be read, for whoever wrote the expression. */
export interface Mistake {
  readonly mistake: string;
}

/** Reads `sum(Column)`, `count()` or a ratio of two of them. Column names may hold spaces, brackets and slashes. */
export const readExpression = (text: string): Expression | Mistake => {
  const terms = splitTerms(text);
  if (terms.length > 2) return { mistake: `“${text}” divides more than once` };
  const [top, bottom] = terms.map(readAggregate);
  if (top === undefined || "mistake" in top) return top ?? { mistake: "an empty expression" };
  if (bottom !== undefined && "mistake" in bottom) return bottom;
  return { top, bottom: bottom ?? null };
};

/** What is wrong with an expression for these columns, or `null`; without columns only its form is judged. */
export const mistakeInExpression = (text: string, columns: readonly string[] | null): string | null => {
  const read = readExpression(text);
  if ("mistake" in read) return read.mistake;
  if (columns === null) return null;
  const used = [read.top, read.bottom].flatMap((term) => (term?.column == null ? [] : [term.column]));
  const unknown = used.find((column) => findColumn(columns, column) === -1);
  return unknown === undefined ? null : unknownColumn(unknown, columns);
};

/** The figure, or `null` where no row has one; dividing by zero has no figure either. */
export const evaluate = (expression: Expression, table: Table): number | null | Mistake => {
  const top = aggregate(expression.top, table);
  if (expression.bottom === null || top === null || typeof top === "object") return top;
  const bottom = aggregate(expression.bottom, table);
  if (bottom === null || typeof bottom === "object") return bottom;
  return bottom === 0 ? null : top / bottom;
};

/** Splits at slashes outside brackets, since `sum(A / B)` names one column. */
const splitTerms = (text: string): readonly string[] => {
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (text[at] === "/" && depth === 0) {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...terms, text.slice(start)];
};

const readAggregate = (text: string): Aggregate | Mistake => {
  const found = /^\s*([a-z]+)\s*\((.*)\)\s*$/is.exec(text);
  const form = "write it as sum(Column), count(), avg, min, max, first or distinct(Column), or a ratio of two of them";
  if (found === null) return { mistake: `“${text.trim()}” is no figure; ${form}` };
  const name = functions.find((known) => known === found[1]?.toLowerCase());
  if (name === undefined) return { mistake: `“${found[1]}” is no known function; ${form}` };
  const column = unquoted(found[2]?.trim() ?? "");
  if (column !== "") return { name, column };
  return name === "count" ? { name, column: null } : { mistake: `${name}() names no column; write ${name}(Column)` };
};

const unquoted = (text: string): string => /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;

const aggregate = ({ name, column }: Aggregate, table: Table): number | null | Mistake => {
  if (column === null) return table.rows.length;
  const at = findColumn(table.columns, column);
  if (at === -1) return { mistake: unknownColumn(column, table.columns) };
  const cells = table.rows.map((row) => row[at]?.trim() ?? "").filter((cell) => cell !== "");
  if (name === "count") return cells.length;
  if (name === "distinct") return new Set(cells).size;
  const figures = numbersIn(name === "first" ? cells.slice(0, 1) : cells);
  return typeof figures === "string"
    ? { mistake: `column “${column}” holds “${figures}”, which is no number` }
    : reduce(name, figures);
};

const reduce = (name: Exclude<FunctionName, "count" | "distinct">, figures: readonly number[]): number | null => {
  const first = figures[0];
  if (first === undefined) return null;
  switch (name) {
    case "first":
      return first;
    case "sum":
      return figures.reduce((sum, figure) => sum + figure, 0);
    case "avg":
      return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
    case "min":
      return figures.reduce((least, figure) => Math.min(least, figure), first);
    case "max":
      return figures.reduce((most, figure) => Math.max(most, figure), first);
  }
};

/** The numbers of the cells, or the first cell that is none. */
const numbersIn = (cells: readonly string[]): readonly number[] | string => {
  const figures: number[] = [];
  for (const cell of cells) {
    const figure = numberOf(cell);
    if (figure === null) return cell.slice(0, 40);
    figures.push(figure);
  }
  return figures;
};

/**
 * Machine numbers with a dot, with or without thousands separators, a currency sign or a percent sign; else `null`.
 * A number such as `1,234` could be German for 1.234: report servers export machine numbers, so the comma is read as thousands
 * only where the groups are complete and refused everywhere else.
 */
export const numberOf = (cell: string): number | null => {
  const bare = cell
    .replace(/^([-+(]?)\s*[$€£¥]\s*/u, "$1")
    .replace(/\s*[€$£¥]$/u, "")
    .replaceAll(/[\s\u00a0\u202f]/gu, "");
  const percent = bare.endsWith("%");
  const plain = (percent ? bare.slice(0, -1) : bare).replace(/^\((.+)\)$/, "-$1").replace("−", "-");
  const machine = /^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain) ? plain.replaceAll(",", "") : plain;
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(machine)) return null;
  const figure = percent ? Number(machine) / 100 : Number(machine);
  return Number.isFinite(figure) ? figure : null;
};

const findColumn = (columns: readonly string[], wanted: string): number => {
  const exact = columns.indexOf(wanted);
  return exact === -1 ? columns.findIndex((column) => folded(column) === folded(wanted)) : exact;
};

const folded = (name: string): string => name.normalize("NFC").trim().toLowerCase();

const unknownColumn = (column: string, columns: readonly string[]): string =>
  `there is no column “${column}”; the view's CSV has ${columns.map((known) => `“${known}”`).join(", ") || "no columns"}`;

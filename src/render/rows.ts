import { parse } from "csv-parse/sync";
import { Fault, wordsOf } from "#model/fault.ts";
import type { RenderEvidence } from "#model/render.ts";
import { separatorOf } from "#model/separator.ts";

/** Distinct values kept of a column: enough for any person's filters, and small enough to keep with every render. */
const mostValues = 200;

/** A view's rows as text, with its header apart. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Reads a view's CSV. Fault `render.export` for what isn't one, since a proof over it would be worthless. */
export const readRows = (bytes: Uint8Array): Table => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    const text = decoder.decode(bytes);
    const records: string[][] = parse(text, {
      bom: true,
      skip_empty_lines: true,
      record_delimiter: ["\r\n", "\n"],
      delimiter: separatorOf(text),
    });
    const [columns = [], ...rows] = records;
    if (columns.length === 0) throw new TypeError("it is empty");
    return { columns, rows };
  } catch (cause) {
    const hint = "open the view's CSV address in a browser; its setting is views.csv";
    throw new Fault("render.export", `The view's CSV can't be read: ${wordsOf(cause)}`, {
      hint,
      retry: "later",
      cause,
    });
  }
};

/** What the proof needs to know of the rows: each column's distinct values with their number. */
export const evidenceOfRows = ({ columns, rows }: Table): NonNullable<RenderEvidence["csv"]> => {
  const cut: string[] = [];
  const values = Object.fromEntries(
    columns.map((column, at) => {
      const counts = new Map<string, number>();
      for (const row of rows) {
        const value = row[at] ?? "";
        const known = counts.get(value);
        if (known === undefined && counts.size >= mostValues) {
          cut.push(column);
          break;
        }
        counts.set(value, (known ?? 0) + 1);
      }
      return [column, Object.fromEntries(counts)];
    }),
  );
  return { columns, rows: rows.length, values, cut };
};

import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import writeXlsx, { type Cell } from "write-excel-file/node";
import { lately } from "#compose/lately.ts";
import { Fault, wordsOf } from "#model/fault.ts";
import type { Table } from "#model/message.ts";
import { separatorOf } from "#model/separator.ts";

/** Rows take some ten times the room of their CSV. */
const mostRemembered = { tables: 4, bytes: 1_000_000 };

const usualCellBytes = 10;

const remembered = <T>(bytesOf: (of: T) => number) => ({
  most: mostRemembered.tables,
  isSmall: (of: T) => bytesOf(of) <= mostRemembered.bytes,
});

/** Reads a view's CSV as it was proven: UTF-8 with or without a mark, the first line is the header. Throws `render.export`. */
export const tableOf = lately(
  (csv: Uint8Array): Table => {
    try {
      // Both line ends, since csv-parse otherwise takes the first line's for all of them.
      const text = new TextDecoder().decode(csv);
      const records: string[][] = parse(text, {
        bom: true,
        delimiter: separatorOf(text),
        record_delimiter: ["\r\n", "\n"],
        relax_column_count: true,
        skip_empty_lines: true,
      });
      const [columns = [], ...rows] = records;
      return { columns, rows };
    } catch (cause) {
      throw new Fault("render.export", `the view's CSV can't be read: ${wordsOf(cause)}`, {
        hint: "Draw the view again.",
        cause,
      });
    }
  },
  remembered((csv) => csv.byteLength),
);

/**
 * The CSV that people get: commas and CRLF (RFC 4180), every row of the view. It begins with a byte order mark, because Excel reads a
 * file without one in the machine's old code page and breaks each umlaut; programs that read UTF-8 skip it. The comma stays in every
 * language: whoever wants columns in a German Excel takes the XLSX.
 */
export const csvForPeople = lately(
  ({ columns, rows }: Table): Uint8Array =>
    Buffer.from(
      stringify([columns.map(harmless), ...rows.map((row) => row.map(harmless))], {
        bom: true,
        record_delimiter: "windows",
      }),
    ),
  remembered(({ columns, rows }) => columns.length * rows.length * usualCellBytes),
);

/**
 * A cell that a spreadsheet would run as a formula gets an apostrophe before it: a customer may call himself `=HYPERLINK(…)`.
 * Numbers with a sign are no formulas and stay numbers.
 */
export const harmless = (cell: string): string =>
  /^\s*[=+\-@\t\r＝＋－＠]/u.test(cell) && !isSignedNumber(cell) ? `'${cell}` : cell;

const isSignedNumber = (cell: string): boolean =>
  /^[-+]?(\d+|\d{1,3}([,.]\d{3})+)([.,]\d+)?(e[-+]?\d+)?\s?%?$/i.test(cell.trim()) && !/^[\t\r]/.test(cell);

type ColumnKind = "number" | "date" | "text";

interface Column {
  readonly kind: ColumnKind;
  /** How Excel writes its numbers; `undefined`: as they are. */
  readonly format: string | undefined;
}

/** Excel takes no longer text in a cell and no more rows in a sheet. */
const mostCellLetters = 32_767;
const mostRows = 1_048_575;

/** False for more rows than Excel takes. */
export const fitsExcel = ({ rows }: Table): boolean => rows.length <= mostRows;

/**
 * The same rows for Excel: numbers are numbers with their points below each other, dates are dates, the header stands out and stays in
 * place. `sheet` names the tab.
 */
export const xlsxForPeople = async ({ columns, rows }: Table, sheet: string): Promise<Uint8Array> => {
  const kinds = columns.map((_, at): Column => {
    const kind = kindOf(rows, at);
    return { kind, format: kind === "number" ? numberFormat(rows, at) : undefined };
  });
  const header: Cell[] = columns.map((name, at) => ({
    value: clean(name),
    type: String,
    fontWeight: "bold",
    align: kinds[at]?.kind === "number" ? "right" : "left",
    backgroundColor: "#f3f1ec",
    bottomBorderColor: "#b9b4a8",
    bottomBorderStyle: "thin",
  }));
  const cells = rows.map((row) => kinds.map((column, at) => cellOf(row[at] ?? "", column)));
  const widths = columns.map((name, at) => ({ width: widthOf(name, rows, at) }));
  return writeXlsx([header, ...cells], { sheet: sheetName(sheet), columns: widths, stickyRowsCount: 1 }).toBuffer();
};

/** A column is of numbers only if every cell is one: article numbers with leading zeros and long account numbers stay text. */
const kindOf = (rows: Table["rows"], at: number): ColumnKind => {
  const cells = rows.map((row) => row[at] ?? "").filter((cell) => cell !== "");
  if (cells.length === 0) return "text";
  if (cells.every(isPlainNumber)) return "number";
  return cells.every(isDate) ? "date" : "text";
};

/** As many decimals as the column's longest cell has. Whole numbers stay as they are: a year is no “2,026”. */
const numberFormat = (rows: Table["rows"], at: number): string | undefined => {
  const decimals = rows.reduce((most, row) => Math.max(most, (row[at] ?? "").split(".")[1]?.length ?? 0), 0);
  return decimals === 0 ? undefined : `#,##0.${"0".repeat(decimals)}`;
};

const isPlainNumber = (cell: string): boolean =>
  /^-?(0|[1-9]\d*)(\.\d+)?$/.test(cell) && cell.replaceAll(/\D/g, "").length <= 15;

const isDate = (cell: string): boolean => /^\d{4}-\d\d-\d\d$/.test(cell) && !Number.isNaN(Date.parse(cell));

const cellOf = (text: string, { kind, format }: Column): Cell => {
  if (text === "") return null;
  switch (kind) {
    case "number":
      return { value: Number(text), type: Number, ...(format !== undefined && { format }) };
    case "date":
      return { value: new Date(`${text}T00:00:00Z`), type: Date, format: "yyyy-mm-dd" };
    case "text":
      return { value: clean(text), type: String };
  }
};

const clean = (text: string): string => text.slice(0, mostCellLetters);

/** Wide enough for what the first rows hold, within what fits a screen. */
const widthOf = (name: string, rows: Table["rows"], at: number): number => {
  const longest = rows.slice(0, 500).reduce((most, row) => Math.max(most, (row[at] ?? "").length), name.length);
  return Math.min(60, Math.max(9, longest + 2));
};

/** Excel refuses these marks and more than 31 letters in a tab's name. */
const sheetName = (name: string): string => {
  const allowed = name
    .replaceAll(/[\\/?*[\]:]/g, " ")
    .replaceAll(/^'+|'+$/g, "")
    .trim();
  return [...allowed].slice(0, 31).join("") || "Data";
};

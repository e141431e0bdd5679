import { cutTo, plain, widthOf } from "#cli/width.ts";

/** How a cell is coloured on a terminal. */
export type Tone = "good" | "bad" | "warn" | "dim" | "bold";

/** A cell, in a colour or as it is. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

/** Where a table is printed: `columns` is `null` where nothing limits the width. */
export interface Surface {
  readonly columns: number | null;
  readonly paint: (tone: Tone, text: string) => string;
}

const GAP = 2;
/** A column is never cut below this, so that something can still be read in it. */
const NARROWEST = 8;

const textOf = (cell: Cell): string => plain(typeof cell === "string" ? cell : cell.text);

/** Takes columns from the widest until everything fits; the first one keeps its width longest, since it names the row. */
const fitted = (natural: readonly number[], room: number | null): readonly number[] => {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
  while (room !== null && total() > room) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
};

const isFigure = (text: string): boolean => /^[\d.,]+( %|%)?$/.test(text);

/** Rows below their titles, aligned; columns of figures to the right. Empty columns are left out. */
export const tableLines = (
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  { columns, paint }: Surface,
): readonly string[] => {
  const kept = titles.map((_, at) => at).filter((at) => rows.some((row) => textOf(row[at] ?? "") !== ""));
  const cells = rows.map((row) => kept.map((at) => row[at] ?? ""));
  const heads = kept.map((at) => titles[at] ?? "");
  const natural = heads.map((head, at) =>
    Math.max(widthOf(head), ...cells.map((row) => widthOf(textOf(row[at] ?? "")))),
  );
  const widths = fitted(natural, columns);
  const right = heads.map((_, at) => cells.every((row) => isFigure(textOf(row[at] ?? ""))));
  const lineOf = (row: readonly Cell[]): string => {
    const padded = row.map((cell, at) => {
      const width = widths[at] ?? 0;
      const text = cutTo(textOf(cell), width);
      const blank = " ".repeat(Math.max(0, width - widthOf(text)));
      const shown = typeof cell === "string" ? text : paint(cell.tone, text);
      if (right[at]) return `${blank}${shown}`;
      return at === row.length - 1 ? shown : `${shown}${blank}`;
    });
    return padded.join(" ".repeat(GAP)).trimEnd();
  };
  const isBare = heads.every((head) => head === "");
  const head = isBare ? [] : [lineOf(heads.map((text) => ({ text, tone: "dim" as const })))];
  return [...head, ...cells.map(lineOf)];
};

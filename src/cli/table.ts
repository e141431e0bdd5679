import { cutTo, plain, widthOf, wrapTo } from "#cli/width.ts";

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

/** One line of cells that are cut already. */
const lineOf = (cells: readonly Cell[], { widths, right }: Layout, paint: Surface["paint"]): string => {
  const padded = cells.map((cell, at) => {
    const text = textOf(cell);
    const blank = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text)));
    const shown = typeof cell === "string" ? text : paint(cell.tone, text);
    return right[at] ? `${blank}${shown}` : `${shown}${blank}`;
  });
  return padded.join(" ".repeat(GAP)).trimEnd();
};

interface Layout {
  readonly widths: readonly number[];
  /** Columns of figures. */
  readonly right: readonly boolean[];
}

const toned = (cell: Cell, text: string): Cell => (typeof cell === "string" ? text : { ...cell, text });

/** A row's cells cut to their columns; the last one, which mostly says why, goes on in lines of its own. */
const rowLines = (row: readonly Cell[], layout: Layout, paint: Surface["paint"]): readonly string[] => {
  const { widths } = layout;
  const last = row.at(-1) ?? "";
  const [first = "", ...more] = wrapTo(textOf(last), widths.at(-1) ?? 0);
  const cut = row.slice(0, -1).map((cell, at) => toned(cell, cutTo(textOf(cell), widths[at] ?? 0)));
  const blanks = cut.map(() => "");
  return [[...cut, toned(last, first)], ...more.map((text) => [...blanks, toned(last, text)])].map((cells) =>
    lineOf(cells, layout, paint),
  );
};

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
  const right = heads.map((_, at) => cells.every((row) => isFigure(textOf(row[at] ?? ""))));
  const layout = { widths: fitted(natural, columns), right };
  const head = heads.map((text): Cell => ({ text, tone: "dim" }));
  const isBare = heads.every((one) => one === "");
  return [...(isBare ? [] : [head]), ...cells].flatMap((row) => rowLines(row, layout, paint));
};

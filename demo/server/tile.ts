import type { Asked } from "./filters.ts";

/** One line of a tile's answer or of an export. */
export type Row = Readonly<Record<string, string | number>>;

/** What a tile's address answers with; `value`, `before` and `series` are what a figure tile shows. */
export interface TileAnswer {
  readonly rows: readonly Row[];
  readonly value?: number;
  readonly before?: number;
  readonly series?: readonly number[];
}

/** A tile: how it is drawn, how wide it lies in the grid of twelve, how long its query takes, and the query. */
export interface Tile {
  readonly name: string;
  readonly kind: "figure" | "trend" | "mix" | "cover" | "table";
  readonly span: number;
  readonly delayMs: number;
  /** For figures: how the value is written, and whether more is better. */
  readonly format?: "money" | "count" | "days";
  readonly lessIsBetter?: boolean;
  readonly columns?: readonly TableColumn[];
  readonly answer: (asked: Asked) => TileAnswer;
}

/** A column of a table tile; `place` numbers the rows, `change` compares with the column `against`. */
export interface TableColumn {
  readonly key: string;
  readonly format: "place" | "text" | "code" | "money" | "count" | "days" | "day" | "change" | "share";
  readonly against?: string;
  /** Left out where the tile is narrow. */
  readonly wideOnly?: boolean;
}

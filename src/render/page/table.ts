import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "#model/fault.ts";
import { ask, isTrueIn, listIn, numberIn } from "#render/page/ask.ts";
import { phase, type Tab } from "#render/page/tab.ts";
import { headOfTable, type TableLook, visibleRows } from "#render/page/table-script.ts";

/** Which table is read. */
export interface TableOptions {
  /** The table or grid, or what holds it. */
  readonly selector: string;
  readonly maxRows: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** A table as text, as a reader sees it. */
export interface TableRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** At the end of what is loaded, more may still be on its way, or only about to be asked for: all must be quiet for so long. */
const quietMs = 250;
const mostColumns = 200;

/**
 * All rows of a table of the page, those as well that are drawn only when they are scrolled to: it is scrolled step by step, and rows are told
 * apart by their index or their place. Totals in a table's foot are left out. Fault `render.export` when it isn't there, has too many
 * rows, or when rows are missing.
 */
export const readTable = async (tab: Tab, options: TableOptions): Promise<TableRows> => {
  const { selector, limitMs, signal } = options;
  return phase(tab, { name: "reading the table", ms: limitMs, ...(signal && { signal }) }, async (inner) => {
    const head = await ask(tab, headOfTable, { selector });
    if (!isTrueIn(head, "found")) throw failed(`The page has no table “${selector}”.`);
    const found = await collect(tab, options, inner);
    const missing = firstGap(found, numberIn(head, "count"));
    if (missing !== null) throw failed(`The table “${selector}” did not show all its rows: ${missing}.`);
    const rows = found.map(({ cells }) => cells);
    const width = rows.reduce((most, cells) => Math.max(most, cells.length), 0);
    return { columns: named(listIn(head, "columns").map(String), width), rows };
  });
};

interface Row {
  /** Its index, or else its distance from the top. */
  readonly at: number;
  /** Its distance from the top of the table in pixels. */
  readonly top: number;
  readonly height: number;
  readonly isIndexed: boolean;
  readonly cells: readonly string[];
}

const collect = async (tab: Tab, { selector, maxRows }: TableOptions, signal: AbortSignal): Promise<readonly Row[]> => {
  const rows = new Map<number, Row>();
  let rested: string | null = null;
  for (let top = 0; ; ) {
    const seen = await seeAt(tab, { selector, top });
    for (const row of seen.rows) rows.set(row.at, row);
    if (rows.size > maxRows) throw failed(`The table “${selector}” has more than ${maxRows} rows.`);
    if (top < seen.end) top = Math.min(seen.end, Math.max(top + smallestStep, drawnTo(seen, top) - overlap));
    else if (rested === extentOf(seen)) break;
    else {
      rested = extentOf(seen);
      await rest(tab, seen, signal);
    }
  }
  return [...rows.values()].sort((a, b) => a.at - b.at);
};

/** Where its rows are and where it ends; what stands in them may change like a clock. */
const extentOf = ({ rows, end }: Seen): string => [end, ...rows.map(({ at }) => at)].join(" ");

const smallestStep = 20;
/** A row at the edge of what is drawn may be drawn in part only. */
const overlap = 4;

/** How far down rows are drawn without a gap, from the first that reaches below `top`. */
const drawnTo = ({ rows }: Seen, top: number): number => {
  const sorted = rows.toSorted((a, b) => a.top - b.top);
  let bottom = top;
  for (const row of sorted) {
    if (row.top <= bottom + row.height) bottom = Math.max(bottom, row.top + row.height);
  }
  return bottom;
};

/** Waits until nothing more is being fetched. What scrolling asks for may be asked a moment later, and be heard of later still. */
const rest = async (tab: Tab, { end }: Seen, signal: AbortSignal): Promise<void> => {
  if (end > 0) await pause(quietMs, undefined, { signal });
  while (tab.recorder.quietMs() < quietMs) await pause(50, undefined, { signal });
};

interface Seen {
  readonly rows: readonly Row[];
  /** How far the table can be scrolled, in pixels. */
  readonly end: number;
}

const seeAt = async (tab: Tab, look: TableLook): Promise<Seen> => {
  const answer = await ask(tab, visibleRows, { ...look });
  return { rows: listIn(answer, "rows").map(asRow), end: numberIn(answer, "end") };
};

const asRow = (value: unknown): Row => ({
  at: numberIn(value, "at"),
  top: numberIn(value, "top"),
  height: numberIn(value, "height"),
  isIndexed: isTrueIn(value, "isIndexed"),
  cells: listIn(value, "cells").slice(0, mostColumns).map(String),
});

/** Rows follow each other by one, or by their height; what is farther apart has something missing between. */
const firstGap = (rows: readonly Row[], promised: number): string | null => {
  if (promised > rows.length) return `it says that it has ${promised} and showed ${rows.length}`;
  const at = rows.findIndex((row, n) => n > 0 && isApart(rows[n - 1] ?? row, row));
  return at === -1 ? null : `something is missing after row ${at}`;
};

const isApart = (before: Row, row: Row): boolean =>
  row.isIndexed
    ? row.at - before.at > 1
    : row.at - before.at > before.height + Math.max(row.height, before.height) * 0.9;

const named = (columns: readonly string[], width: number): readonly string[] =>
  Array.from({ length: Math.max(width, columns.length) }, (_, n) => columns[n] || `Column ${n + 1}`);

const failed = (what: string): Fault =>
  new Fault("render.export", what, {
    hint: "Correct the view's csv.table, or name an address that gives the rows with csv.url.",
    retry: "later",
  });

import { type Cell, type Surface, type Tone, tableLines } from "#cli/table.ts";
import { painter, type Terminal } from "#cli/terminal.ts";
import { isFault, wordsOf } from "#model/fault.ts";

/** What commands print with. Results go to the standard output, everything about the way there to the standard error. */
export interface Say {
  line(text?: string): void;
  /** Something on the way: printed to the standard error. */
  note(text: string): void;
  good(text: string): void;
  warn(text: string): void;
  heading(text: string): void;
  table(titles: readonly string[], rows: readonly (readonly Cell[])[]): void;
  json(value: unknown): void;
  paint(tone: Tone, text: string): string;
  /** A fault with its hint; its causes too where wanted. What was not foreseen comes with its stack. */
  fault(error: unknown, isVerbose: boolean): void;
}

/** Speaks on a terminal. */
export const sayOn = (terminal: Terminal): Say => {
  const paint = painter(terminal);
  const surface: Surface = { columns: terminal.columns, paint };
  const line = (text = ""): void => terminal.out(`${text}\n`);
  const note = (text: string): void => terminal.err(`${text}\n`);
  return {
    line,
    note,
    good: (text) => line(`${paint("good", "✓")} ${text}`),
    warn: (text) => line(`${paint("warn", "!")} ${text}`),
    heading: (text) => line(paint("bold", text)),
    table: (titles, rows) => {
      for (const one of tableLines(titles, rows, surface)) line(one);
    },
    json: (value) => line(JSON.stringify(value, null, 2)),
    paint,
    fault: (error, isVerbose) => {
      for (const one of faultLines(error, isVerbose, paint)) note(one);
    },
  };
};

const faultLines = (error: unknown, isVerbose: boolean, paint: Say["paint"]): readonly string[] => {
  const mark = paint("bad", "✗");
  if (!isFault(error)) {
    const stack = error instanceof Error ? (error.stack ?? wordsOf(error)) : wordsOf(error);
    return [`${mark} Something happened that was not foreseen: ${wordsOf(error)}`, ...stack.split("\n").slice(1)];
  }
  const told = [`${mark} ${error.message}`, `  → ${error.hint}`];
  return isVerbose ? [...told, `  code: ${error.code}`, ...causesOf(error.cause)] : told;
};

const causesOf = (cause: unknown): readonly string[] => {
  if (cause === undefined || cause === null) return [];
  // A configuration's mistakes are listed in the message already.
  if (Array.isArray(cause)) return [];
  const deeper = cause instanceof Error ? causesOf(cause.cause) : [];
  return [`  cause: ${wordsOf(cause)}`, ...deeper];
};

/** A fault for programs: `{ fault: { code, what, hint } }`. What was not foreseen has no code of ours and no hint. */
export const faultAsJson = (error: unknown) =>
  isFault(error)
    ? { fault: { code: error.code, what: error.message, hint: error.hint } }
    : { fault: { code: null, what: wordsOf(error), hint: null } };

/** Tells a fault on a terminal, for programs that aren't commands. */
export const sayFault = (terminal: Terminal, error: unknown): void => sayOn(terminal).fault(error, false);

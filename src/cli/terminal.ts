import { once } from "node:events";
import { styleText } from "node:util";
import { type Asker, openAsker } from "#cli/ask.ts";
import type { Tone } from "#cli/table.ts";

/** Signals that a command may listen to. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Everything that a command sees of the world around it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Columns of the screen; `null` where the output goes into a file or another program. */
  readonly columns: number | null;
  /** Whether the output may be coloured. */
  readonly colour: boolean;
  /** Asks a person; `null` where nobody can answer. */
  readonly asker: Asker | null;
  /** Text for the standard output, as it is. */
  out(text: string): void;
  /** Waits until a reader slower than us has taken what was written. */
  drained?(): Promise<void>;
  /** Text for the standard error, as it is. */
  err(text: string): void;
  /** The line at the bottom that is drawn over and over; `null` removes it. Nothing where there is no screen. */
  status(text: string | null): void;
  /** Listens until the returned function is called. */
  on(signal: Signal, listener: () => void): () => void;
  /** Ends the process at once. */
  end(code: number): void;
}

const CLEAR_LINE = "\r\u001b[2K";

/** The terminal that this process was started in. */
export const openTerminal = (env: Terminal["env"]): Terminal => {
  const isScreen = process.stdout.isTTY === true;
  const canTell = process.stderr.isTTY === true;
  let shown: string | null = null;
  for (const stream of [process.stdout, process.stderr]) stream.on("error", forgiveClosed);
  return {
    env,
    cwd: process.cwd(),
    columns: isScreen ? process.stdout.columns : null,
    colour: isScreen && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    asker: isScreen && process.stdin.isTTY ? openAsker() : null,
    out: (text) => void process.stdout.write(text),
    drained: async () => {
      if (process.stdout.writableNeedDrain) await once(process.stdout, "drain").catch(forgiveClosed);
    },
    err: (text) => void process.stderr.write(text),
    status: (text) => {
      if (!canTell || text === shown) return;
      shown = text;
      process.stderr.write(text === null ? CLEAR_LINE : `${CLEAR_LINE}${text}`);
    },
    on: (signal, listener) => {
      process.on(signal, listener);
      return () => void process.off(signal, listener);
    },
    end: (code) => process.exit(code),
  };
};

/** Whoever reads may have had enough (`| head`): what is under way goes on, and that is no fault. */
const forgiveClosed = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EPIPE") throw error;
};

const styles = { good: "green", bad: "red", warn: "yellow", dim: "dim", bold: "bold" } as const;

/** Colours text where the terminal takes it. */
export const painter =
  ({ colour }: Pick<Terminal, "colour">) =>
  (tone: Tone, text: string): string =>
    colour ? styleText(styles[tone], text, { validateStream: false }) : text;

import { type Fields, type Log, tidyFields } from "#runtime/log.ts";

/** One line of a log as it was kept. */
export interface KeptLine {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Milliseconds since the log was opened. */
  readonly at: number;
}

/** A log that is kept, and that tells when something comes. */
export interface KeptLog extends Log {
  readonly lines: readonly KeptLine[];
  /** The lines of an event so far. */
  of(event: string): readonly KeptLine[];
  /** Warnings and errors as text. */
  troubles(): readonly string[];
  /** The next line of an event that is meant; ends when it comes. */
  next(event: string, isMeant?: (fields: KeptLine["fields"]) => boolean): Promise<KeptLine>;
}

interface Waiting {
  readonly event: string;
  readonly isMeant: (fields: KeptLine["fields"]) => boolean;
  readonly done: (line: KeptLine) => void;
}

/** A log for tests. */
export const keptLog = (): KeptLog => {
  const openedAt = performance.now();
  const lines: KeptLine[] = [];
  const waiting = new Set<Waiting>();
  const keep = (level: KeptLine["level"], event: string, fields: Fields = {}): void => {
    const at = Math.round(performance.now() - openedAt);
    const line = { level, event, fields: tidyFields(fields, false), at };
    lines.push(line);
    for (const one of waiting) {
      if (one.event !== event || !one.isMeant(line.fields)) continue;
      waiting.delete(one);
      one.done(line);
    }
  };
  const log: KeptLog = {
    lines,
    info: (event, fields) => keep("info", event, fields),
    warn: (event, fields) => keep("warn", event, fields),
    error: (event, fields) => keep("error", event, fields),
    with: () => log,
    of: (event) => lines.filter((line) => line.event === event),
    troubles: () =>
      lines.filter(({ level }) => level !== "info").map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`),
    next: (event, isMeant = () => true) =>
      new Promise((done) => {
        waiting.add({ event, isMeant, done });
      }),
  };
  return log;
};

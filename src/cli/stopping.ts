/** How a command is ended by Ctrl-C: whatever it has open is closed first, so that no database and no browser is left behind. */
import { setTimeout as pause } from "node:timers/promises";
import type { Signal, Terminal } from "#cli/terminal.ts";

/** What one command is run with. */
export interface Stopping {
  /** The terminal as the command sees it: silent once the command was stopped; who listens to a signal there ends by itself. */
  readonly terminal: Terminal;
  /** Remembers something while it is opened and after, to be closed when the command is stopped. */
  keep<T>(opening: Promise<T>, close: (opened: T) => Promise<unknown>): Promise<T>;
  /** Whether a signal has come, whoever heard it. */
  wasAsked(): boolean;
  /** Runs the work to its end; `null` when a signal ended it and all that it had kept is closed. */
  untilStopped<T>(work: () => Promise<T>): Promise<T | null>;
}

const signals: readonly Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The exit code of a process that a signal ended. */
const cutOff = 130;

/** What doesn't close within this is left to the operating system. */
const closeLimitMs = 20_000;

/** Watches over one command on a terminal. */
export const openStopping = (outer: Terminal): Stopping => {
  const kept: (() => Promise<unknown>)[] = [];
  let listeners = 0;
  let isSilent = false;
  let wasAsked = false;
  const unlessSilent =
    <A extends readonly unknown[]>(act: (...args: A) => void) =>
    (...args: A): void => {
      if (!isSilent) act(...args);
    };
  const terminal: Terminal = {
    ...outer,
    out: unlessSilent(outer.out),
    err: unlessSilent(outer.err),
    status: unlessSilent(outer.status),
    on: (signal, listener) => {
      listeners += 1;
      const off = outer.on(signal, listener);
      return () => {
        listeners -= 1;
        off();
      };
    },
  };
  const closeAll = async (): Promise<void> => {
    for (const close of kept.toReversed()) await close().catch(() => undefined);
  };
  return {
    terminal,
    keep: (opening, close) => {
      kept.push(async () => close(await opening));
      return opening;
    },
    wasAsked: () => wasAsked,
    untilStopped: async (work) => {
      const { asked, off } = listen(outer, () => {
        wasAsked = true;
        return listeners > 0;
      });
      try {
        const working = work();
        const ended = await Promise.race([working.then((result) => ({ result })), asked]);
        if (ended !== null) return ended.result;
        // It fails at what is closed under it; nobody wants to hear of that.
        working.catch(() => undefined);
        outer.status(null);
        outer.err("Stopping. Ctrl-C once more ends at once.\n");
        isSilent = true;
        await Promise.race([closeAll(), pause(closeLimitMs, undefined, { ref: false })]);
        outer.end(cutOff);
        return null;
      } finally {
        off();
      }
    },
  };
};

/** Resolves at the first signal that the command doesn't hear itself; one more ends the process. */
const listen = (outer: Terminal, isHeard: () => boolean) => {
  const { promise: asked, resolve } = Promise.withResolvers<null>();
  let isAsked = false;
  const listener = (): void => {
    if (isHeard()) return;
    if (isAsked) outer.end(cutOff);
    isAsked = true;
    resolve(null);
  };
  const offs = signals.map((signal) => outer.on(signal, listener));
  return { asked, off: () => offs.forEach((off) => void off()) };
};

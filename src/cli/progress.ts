import type { Terminal } from "#cli/terminal.ts";

const WIDTH = 24;

/** `▰▰▰▱▱▱ 3/6` for work that is known to have an end. */
export const barOf = (done: number, all: number): string => {
  const full = all === 0 ? WIDTH : Math.round((done / all) * WIDTH);
  return `${"▰".repeat(full)}${"▱".repeat(WIDTH - full)} ${done}/${all}`;
};

/** Ends a command's waiting at the first Ctrl-C, and the process at the second. Call what it returns at the end. */
export const untilStopped = (terminal: Terminal): { readonly signal: AbortSignal; readonly done: () => void } => {
  const stop = new AbortController();
  const listener = (): void => {
    if (stop.signal.aborted) terminal.end(130);
    stop.abort();
  };
  const offs = [terminal.on("SIGINT", listener), terminal.on("SIGTERM", listener)];
  return {
    signal: stop.signal,
    done: () => {
      for (const off of offs) off();
      terminal.status(null);
    },
  };
};

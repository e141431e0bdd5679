import type { Terminal } from "#cli/terminal.ts";
import { sizeInWords } from "#cli/words.ts";

const WIDTH = 24;

/** `▰▰▰▱▱▱ 3/6` for work that is known to have an end. */
export const barOf = (done: number, all: number): string => {
  const full = all === 0 ? WIDTH : Math.round((done / all) * WIDTH);
  return `${"▰".repeat(full)}${"▱".repeat(WIDTH - full)} ${done}/${all}`;
};

/** `▰▰▰▱▱▱ 43 %, 1.2 of 2.8 GB, 48 MB/s, 1 min left`; speed and time only once there is something to reckon from. */
export const transferOf = (
  bytes: number,
  of: number,
  { since, ms }: { readonly since: number; readonly ms: number },
): string => {
  const share = of === 0 ? 1 : bytes / of;
  const full = Math.round(share * WIDTH);
  const bar = `${"▰".repeat(full)}${"▱".repeat(WIDTH - full)} ${Math.floor(share * 100)} %`;
  const perMs = (bytes - since) / ms;
  const pace = ms < 500 || perMs <= 0 ? [] : [`${sizeInWords(perMs * 1000)}/s`, leftInWords((of - bytes) / perMs)];
  return [bar, `${sizeInWords(bytes)} of ${sizeInWords(of)}`, ...pace].join(", ");
};

const leftInWords = (ms: number): string => {
  if (ms < 90_000) return `${Math.ceil(ms / 1000)} s left`;
  return ms < 5_400_000 ? `${Math.ceil(ms / 60_000)} min left` : `${(ms / 3_600_000).toFixed(1)} h left`;
};

const drawEveryMs = 100;

/** Draws how a transfer gets on at the bottom of the screen; its first call of each label begins the reckoning anew, so that what a resume found counts for no speed. */
export const transferOn = (terminal: Terminal): ((label: string, bytes: number, of: number) => void) => {
  let begun = { label: "", at: 0, since: 0 };
  let drawnAt = 0;
  return (label, bytes, of) => {
    const now = performance.now();
    if (begun.label !== label) begun = { label, at: now, since: bytes };
    if (now - drawnAt < drawEveryMs && bytes < of) return;
    drawnAt = now;
    terminal.status(`${label} ${transferOf(bytes, of, { since: begun.since, ms: now - begun.at })}`);
  };
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

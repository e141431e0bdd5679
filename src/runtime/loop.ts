import { setTimeout as pause } from "node:timers/promises";
import type { Temporal } from "#model/time.ts";
import { type Backoff, backoffMs } from "#runtime/backoff.ts";
import { type Clock, systemClock } from "#runtime/clock.ts";
import { openWake, type Wake } from "#runtime/wake.ts";

/** What a loop does, how often, and who is told of its faults. */
export interface LoopSettings {
  readonly name: string;
  /** From the end of one round to the begin of the next, unless the bell rings sooner. */
  readonly everyMs: number;
  /** One round. `"more"`: there is more to do at once. `beat` says that a long round gets on. */
  readonly work: (signal: AbortSignal, beat: () => void) => Promise<"more" | undefined>;
  /** Told each fault with how many rounds in a row have failed; a fault never ends the loop. */
  readonly onFault: (error: unknown, inARow: number) => void;
  readonly wake?: Wake;
  readonly clock?: Clock;
  /** The longest that one round may take by its own bounds; a loop that shows no progress for longer stands still. */
  readonly longestRoundMs?: number;
  /** How long a running round may go on undisturbed after `stop`, before its signal ends. */
  readonly finishWithinMs?: number;
  /** How long `stop` waits for a round whose signal has ended. */
  readonly abandonAfterMs?: number;
  readonly backoff?: Backoff;
}

/** How a loop gets on: what tells a live one from one that only exists. */
export interface Progress {
  /** The last round that ended well, or the last beat within a round. */
  readonly lastAt: Temporal.Instant | null;
  readonly workingSince: Temporal.Instant | null;
  readonly faultsInARow: number;
  /** Milliseconds since it last got on, by a clock that nobody sets. */
  readonly silentMs: number;
}

/** A running loop. */
export interface Loop {
  readonly name: string;
  progress(): Progress;
  /** Silent for longer than this, it stands still. */
  readonly stallMs: number;
  /** Begins no further round and waits for the running one; `false`: it didn't end in time and was left behind. */
  stop(): Promise<boolean>;
}

const defaultLongestRoundMs = 60_000;
const defaultBackoff: Backoff = { baseMs: 500, maxMs: 10_000 };

/**
 * Runs rounds one after the other, never two at once. After a fault it waits with growing, jittered pauses, which the bell does not
 * shorten: a database that is away must not be asked by everybody at every wake-up.
 */
export const startLoop = (settings: LoopSettings): Loop => {
  const { everyMs, wake = openWake(), clock = systemClock, backoff = defaultBackoff } = settings;
  const stopping = new AbortController();
  const cut = new AbortController();
  let progress: Omit<Progress, "silentMs"> = { lastAt: null, workingSince: null, faultsInARow: 0 };
  let beatAt = performance.now();

  const tell = (error: unknown): void => {
    try {
      settings.onFault(error, progress.faultsInARow);
    } catch {
      // Telling may fail for the same reason as the round (a full disk); the work must go on when that is over.
    }
  };

  const round = async (): Promise<"more" | "wait" | "fault"> => {
    progress = { ...progress, workingSince: clock.now() };
    const beat = (): void => {
      progress = { ...progress, lastAt: clock.now() };
      beatAt = performance.now();
    };
    try {
      const more = await settings.work(cut.signal, beat);
      progress = { lastAt: clock.now(), workingSince: null, faultsInARow: 0 };
      beatAt = performance.now();
      return more ?? "wait";
    } catch (error) {
      progress = { ...progress, workingSince: null, faultsInARow: progress.faultsInARow + 1 };
      if (!stopping.signal.aborted) tell(error);
      return "fault";
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const result = await round();
      if (stopping.signal.aborted) return;
      if (result === "wait") await wake.wait(everyMs, stopping.signal);
      if (result === "fault") await rest(backoffMs(backoff, progress.faultsInARow, Math.random()), stopping.signal);
      // Rounds that always have more must not keep everything else from its turn.
      if (result === "more") await new Promise(setImmediate);
    }
  };

  const running = run();
  const stop = async (): Promise<boolean> => {
    stopping.abort();
    if (await endsWithin(running, settings.finishWithinMs ?? 0)) return true;
    cut.abort();
    return endsWithin(running, settings.abandonAfterMs ?? 5_000);
  };
  return {
    name: settings.name,
    stallMs: settings.everyMs * 3 + (settings.longestRoundMs ?? defaultLongestRoundMs),
    progress: () => ({ ...progress, silentMs: performance.now() - beatAt }),
    stop,
  };
};

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);

const endsWithin = async (running: Promise<void>, ms: number): Promise<boolean> => {
  const timer = new AbortController();
  const ended = running.then(() => true);
  const late = pause(ms, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([ended, late]);
  } finally {
    timer.abort();
  }
};

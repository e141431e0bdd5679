import { setTimeout as pause } from "node:timers/promises";
import { isFault } from "#model/fault.ts";
import { msBetween, type Temporal } from "#model/time.ts";
import { type Backoff, backoffMs } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";

/** How long something is tried again, and who may end that sooner. */
export interface Persistence {
  readonly clock: Clock;
  /** From the first failure in a row; 0: one try. */
  readonly retryForMs: number;
  readonly signal: AbortSignal;
  readonly backoff?: Backoff;
  /** Told each failure that is tried again. */
  readonly onRetry?: (error: unknown, tries: number) => void;
}

const usualBackoff: Backoff = { baseMs: 500, maxMs: 30_000 };

/** Tries `work` until it succeeds, fails for good (`never`, or no fault of ours), or the time for it is over. */
export const persist = async <T>(work: () => Promise<T>, persistence: Persistence): Promise<T> => {
  const { clock, retryForMs, signal, backoff = usualBackoff } = persistence;
  let failingSince: Temporal.Instant | null = null;
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isFault(error) || error.retry === "never") throw error;
      const wait = backoffMs(backoff, tries, Math.random());
      failingSince ??= clock.now();
      if (msBetween(failingSince, clock.now()) + wait >= retryForMs) throw error;
      persistence.onRetry?.(error, tries);
      await pause(wait, undefined, { signal });
    }
  }
};

import { later, Temporal } from "#model/time.ts";
import { type Clock, systemClock } from "#runtime/clock.ts";

/** A clock that stands still until it is told to move. */
export interface TestClock extends Clock {
  set(instant: string | Temporal.Instant): void;
  /** Moves by so many milliseconds, backwards too. */
  move(ms: number): void;
}

/** A clock that stands at `start` (`2026-11-20T06:00:00Z`). */
export const testClock = (start: string): TestClock => {
  let now = Temporal.Instant.from(start);
  return {
    now: () => now,
    set: (instant) => {
      now = Temporal.Instant.from(instant);
    },
    move: (ms) => {
      now = later(now, ms);
    },
  };
};

/** A clock that goes, and that can be moved forward so that a wait is over at once. */
export interface RunningClock extends Clock {
  move(ms: number): void;
}

/** The machine's clock, until it is moved. */
export const runningClock = (): RunningClock => {
  let ahead = 0;
  return {
    now: () => later(systemClock.now(), ahead),
    move: (ms) => {
      ahead += ms;
    },
  };
};

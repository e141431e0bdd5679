import { instantOf, later, type Temporal } from "#model/time.ts";

/** Tells what time it is. Whoever needs the time is handed one; nothing else reads the machine's clock. */
export interface Clock {
  now(): Temporal.Instant;
  /** Goes by somebody else's time from now on; a clock without this goes by its own. */
  readonly agree?: (theirs: Temporal.Instant) => void;
}

/** The machine's clock, in milliseconds. */
export const systemClock: Clock = { now: () => instantOf(Date.now()) };

/**
 * The machine's clock until another time was agreed on, and then that time, going on by what nobody can set: of several machines one may be an
 * hour ahead, or be set while it works, and nobody's report may go out an hour early for that.
 */
export const sharedClock = (): Clock => {
  let agreed: { readonly theirs: Temporal.Instant; readonly at: number } | null = null;
  return {
    now: () => (agreed === null ? systemClock.now() : later(agreed.theirs, Math.round(performance.now() - agreed.at))),
    agree: (theirs) => {
      agreed = { theirs, at: performance.now() };
    },
  };
};

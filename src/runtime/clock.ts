import { instantOf, type Temporal } from "#model/time.ts";

/** Tells what time it is. Whoever needs the time is handed one; nothing else reads the machine's clock. */
export interface Clock {
  now(): Temporal.Instant;
}

/** The machine's clock, in milliseconds. */
export const systemClock: Clock = { now: () => instantOf(Date.now()) };

import type { Filters } from "#model/filters.ts";
import type { Temporal } from "#model/time.ts";

/** A probe's answer: ready or not, in words, with the data's own date where the probe names one. */
export interface ProbeAnswer {
  readonly ready: boolean;
  readonly words: string;
  readonly dataAsOf: string | null;
}

/** What a probe is asked about. */
export interface ProbeQuestion {
  readonly nominal: Temporal.Instant;
  /** The slot's calendar date in its zone, `YYYY-MM-DD`. */
  readonly date: string;
  readonly filters: Filters | null;
}

/** Asks whether the data is fresh enough for a slot. One that can't be asked throws `readiness.probe`, which counts as not ready. */
export interface Probe {
  readonly name: string;
  ask(question: ProbeQuestion, signal: AbortSignal): Promise<ProbeAnswer>;
}

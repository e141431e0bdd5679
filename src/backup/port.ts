import type { Producer } from "#model/backup.ts";

/** Where and within what bounds an archive is made. */
export interface ProduceAsk {
  readonly producer: Producer;
  /** Without its extension: `bi-2026-11-21`. */
  readonly stem: string;
  readonly extension: string;
  /** A folder of our own with room; what is written there is removed after a crash. */
  readonly scratch: string;
  /** After so long it counts as failed, and all that it started is ended. */
  readonly timeoutMs: number;
  /** Ended with all that it started when this ends; its reason says why. */
  readonly signal: AbortSignal;
}

/** A file that a producer finished with exit code 0. */
export interface Produced {
  readonly path: string;
  readonly extension: string;
  /** False: it lies where the producer's own rules put it (`tsm`) and is kept or removed by `keepLocal`. */
  readonly inScratch: boolean;
  /** Further files that belong to it (`settings.json` of `tsm settings export`). */
  readonly beside: readonly string[];
  /** The last lines of standard error, and what a reader should know: files that were left out or changed meanwhile. */
  readonly words: string;
  /** The producer's name and version, as it says them itself; for the manifest. */
  readonly version: string | null;
}

/**
 * Makes an archive. Throws `backup.produce` with the tail of standard error for an exit code other than 0, an end by a signal, a
 * time-out, an empty file or wrong first bytes; nothing of a failed one is left in scratch.
 */
export type Produce = (ask: ProduceAsk) => Promise<Produced>;

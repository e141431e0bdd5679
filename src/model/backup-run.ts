import type { Archive } from "#model/backup.ts";
import type { Temporal } from "#model/time.ts";

/** Where a run stands. `due`, `producing`, `uploading` and `verifying` are open: there is at most one such run of a backup. */
export type RunState = "due" | "producing" | "uploading" | "verifying" | "done" | "failed" | "skipped";

/** The file that is uploaded, with what tells whether it still is the same after a crash. */
export interface RunSource {
  readonly path: string;
  readonly extension: string;
  readonly inScratch: boolean;
  readonly beside: readonly string[];
  readonly bytes: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly sha256: string;
  /** What made it, as it says itself; `null`: it didn't. */
  readonly version: string | null;
  /** What lies outside scratch, where the producer's own rules put it, and stays as `keepLocal` says. */
  readonly local?: {
    readonly path: string;
    readonly bytes: number;
    readonly ino: number;
  } | null;
}

/** One making of a backup, scheduled or asked for. */
export interface BackupRun {
  readonly id: string;
  readonly backup: string;
  /** The planned instant and identity of its slot; when it was asked for, where nobody's schedule wanted it. */
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant;
  /** Calendar date of the slot in the backup's zone, `YYYY-MM-DD`, fixed when it was recorded. */
  readonly date: string;
  readonly zone: string;
  /** The operator who asked for it; `null`: its schedule. */
  readonly askedBy: string | null;
  readonly state: RunState;
  readonly reason: string | null;
  readonly notBefore: Temporal.Instant | null;
  /** How often it was taken: the fence of its owner. */
  readonly n: number;
  readonly owner: string | null;
  readonly startedAt: Temporal.Instant | null;
  readonly finishedAt: Temporal.Instant | null;
  readonly produceMs: number | null;
  readonly uploadMs: number | null;
  readonly verifyMs: number | null;
  /** The tail of the producer's standard error. */
  readonly words: string | null;
  readonly source: RunSource | null;
  readonly place: string | null;
  readonly key: string | null;
  readonly uploadId: string | null;
  readonly partBytes: number | null;
}

/** A part that the bucket has acknowledged. */
export interface SentPart {
  readonly n: number;
  readonly etag: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** An archive with all that the catalogue knows of it. */
export interface CataloguedArchive extends Archive {
  readonly id: string;
  /** Where it lies, in words (`placeInWords`). */
  readonly place: string;
  /** Why it is suspect, broken or removed, or why an operator accepted it. */
  readonly reason: string | null;
  readonly lastSeenAt: Temporal.Instant | null;
  readonly lastReadAt: Temporal.Instant | null;
  readonly removedAt: Temporal.Instant | null;
  /** Why its bytes were about to be removed when that was last tried; `null`: nobody tried, or it stays. */
  readonly removing: string | null;
  readonly runId: string | null;
}

/** A rehearsal of a restore. */
export interface Drill {
  readonly id: string;
  readonly backup: string;
  readonly key: string;
  /** Its slot; `null`: an operator asked for it. */
  readonly nominal: Temporal.Instant | null;
  readonly startedAt: Temporal.Instant;
  readonly finishedAt: Temporal.Instant | null;
  /** `null`: under way, or its process ended. */
  readonly outcome: "passed" | "failed" | null;
  readonly durationMs: number | null;
  readonly bytes: number | null;
  readonly words: string | null;
}

/** The archives of one backup at one place: what rotation decides about. */
export interface Series {
  readonly backup: string;
  readonly place: string;
}

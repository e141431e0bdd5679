import type { PlanSlots } from "#backup/due.ts";
import type { Persistence } from "#backup/persist.ts";
import type { PartBounds } from "#backup/plan/parts.ts";
import type { Produce } from "#backup/port.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Backup, CommandLine } from "#model/backup.ts";
import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import type { PassPoint } from "#runtime/point.ts";
import { moveRun, type RunMove, type TakenRun } from "#store/backup-runs.ts";
import type { Hold } from "#store/hold.ts";
import type { Pool } from "#store/pool.ts";

/** A trouble of a backup; told once while it is open. */
export interface BackupTrouble {
  readonly key: string;
  readonly severity: "warning" | "critical";
  readonly subject: string;
  readonly lines: readonly string[];
}

/** Where troubles are raised and recovered from. */
export interface BackupAlerts {
  raise(trouble: BackupTrouble): Promise<boolean>;
  recover(key: string): Promise<boolean>;
}

/** Runs the check of a drill in a folder; throws when it ends with anything but 0. */
export type RunCheck = (ask: {
  readonly line: CommandLine;
  /** The restored file. */
  readonly path: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
}) => Promise<void>;

/** What the steps of a backup use. */
export interface BackupParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly passPoint: PassPoint;
  readonly alerts: BackupAlerts;
  readonly produce: Produce;
  /** Opened once for each backup, closed by whoever owns the parts. */
  readonly bucketOf: (backup: Backup) => ArchiveBucket;
  readonly planSlots: PlanSlots;
  readonly check: RunCheck;
  /** Tells a watcher outside that a run went well; a failure of it is no failure of the run. */
  readonly ping: (url: string, words: string) => Promise<void>;
  /** The private key of age; `null`: none is here. */
  readonly identity: string | null;
  /** This Daybreak with its version, for manifests. */
  readonly madeBy: string;
  /** How archives are cut; default: as S3 wants it. */
  readonly partBounds?: PartBounds;
  /** Told by a command how a long step gets on. */
  readonly onProgress?: (step: "upload" | "verify" | "restore", bytes: number, of: number) => void;
}

/** One run on its way, in the hands of this process. */
export interface Step {
  readonly run: TakenRun;
  readonly backup: Backup;
  readonly hold: Hold;
  readonly parts: BackupParts;
  readonly signal: AbortSignal;
}

/** Moves the run on. Throws `run.aborted` when it isn't ours any more: then nothing more of it may be done. */
export const moved = async ({ run, parts }: Step, move: Omit<RunMove, "now">): Promise<TakenRun> => {
  const next = await moveRun(parts.pool, run, { ...move, now: parts.clock.now() });
  if (next === null) throw lostFault(run);
  parts.log.info("backup.moved", { backup: run.backup, run: run.id, to: move.to, reason: move.reason });
  return next;
};

/** Somebody else has taken the run: this process was silent for too long. */
export const lostFault = ({ backup, id }: Pick<TakenRun, "backup" | "id">): Fault =>
  new Fault("run.aborted", `Run ${id} of the backup “${backup}” was taken over by another process.`, {
    hint: "nothing has to be done; look why this process was silent",
    retry: "later",
  });

/** A disk that refuses doesn't get better in half an hour; a bucket over the network may. */
const folderRetryMs = 30_000;

/** How long single requests of a backup are tried again. */
export const persistenceOf = ({ backup, parts, signal }: Pick<Step, "backup" | "parts" | "signal">): Persistence => ({
  clock: parts.clock,
  retryForMs: backup.place.kind === "s3" ? backup.place.settings.retryForMs : folderRetryMs,
  signal,
  onRetry: (error, tries) => parts.log.warn("backup.retry", { backup: backup.name, tries, error }),
});

/** The end of a run: its archive is read back, what is no longer needed is removed, and whoever waits for it is told. */
import { rm } from "node:fs/promises";
import { owedDate } from "#backup/due.ts";
import { tidyLocal } from "#backup/local.ts";
import { scratchOf } from "#backup/make.ts";
import { persist } from "#backup/persist.ts";
import { placeInWords } from "#backup/plan/keys.ts";
import { type PruneReport, prune } from "#backup/prune.ts";
import { type BackupParts, moved, persistenceOf, type Step } from "#backup/step.ts";
import { archiveMetadata } from "#backup/upload.ts";
import { recordBroken, recordVerdict } from "#backup/verdict.ts";
import { readBack } from "#backup/verify.ts";
import type { Backup } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import { msBetween } from "#model/time.ts";
import { archiveByKey } from "#store/archives.ts";
import { forgetParts } from "#store/backup-parts.ts";
import type { TakenRun } from "#store/backup-runs.ts";

/** How good the archive of a run is now. */
export interface Proof {
  readonly archive: CataloguedArchive;
  /** Read back whole and equal. */
  readonly isProven: boolean;
  /** `null`: it was proven before, by a process that ended since. */
  readonly verifyMs: number | null;
}

/** Proves the run's archive. Throws `backup.verify` when the bucket holds something else, or nothing. */
export const prove = async (step: Step): Promise<Proof> => {
  const { backup, parts, signal } = step;
  const bucket = parts.bucketOf(backup);
  const archive = await archiveOf(step);
  if (archive.verifiedAt !== null) return { archive, isProven: true, verifyMs: null };
  const began = parts.clock.now();
  const took = (): number => msBetween(began, parts.clock.now());
  await parts.passPoint("backup:verifying");
  const persistence = persistenceOf(step);
  if (backup.verify === "head") {
    await askOnly(step, archive);
    return { archive, isProven: false, verifyMs: took() };
  }
  const onProgress = (bytes: number, of: number): void => parts.onProgress?.("verify", bytes, of);
  const found = await readBack(bucket, archive, { ...persistence, onProgress });
  await parts.passPoint("backup:read-back");
  if (found.outcome === "equal" && found.flipped !== undefined)
    parts.log.warn("backup.flipped", { backup: backup.name, key: archive.key, sha256: found.flipped });
  const { pool, alerts } = parts;
  const fault = await recordVerdict(archive, found, { ...persistence, pool, alerts, bucket, signal });
  if (fault !== null) throw fault;
  await parts.passPoint("backup:verified");
  return { archive: await archiveOf(step), isProven: true, verifyMs: took() };
};

const archiveOf = async ({ run, backup, parts }: Step): Promise<CataloguedArchive> => {
  const archive = await archiveByKey(parts.pool, placeInWords(backup.place), run.key ?? "");
  if (archive !== null) return archive;
  throw new Fault("backup.verify", `The archive of run ${run.id} is not in the catalogue.`, {
    hint: `if the backup was pointed elsewhere meanwhile, make another archive: daybreak backup run ${backup.name}`,
  });
};

/** The bucket's own word only: enough to see that something is there, never enough to call it verified. */
const askOnly = async (step: Step, archive: CataloguedArchive): Promise<void> => {
  const { run, backup, parts, signal } = step;
  const head = await persist(() => parts.bucketOf(backup).head(archive.key, signal), persistenceOf(step));
  const own = archiveMetadata(run.id, archive.sha256)["run-id"];
  if (head?.bytes === archive.bytes && head.metadata["run-id"] === own) return;
  const words =
    head === null ? `${archive.key} is not in the bucket.` : `${archive.key} is not the archive that was made.`;
  await recordBroken(archive, { state: head === null ? "missing" : "broken", words }, parts);
  throw new Fault("backup.verify", words, { hint: `make another archive: daybreak backup run ${archive.backup}` });
};

/** What lies on our own disk may go only when the bucket's copy is proven. */
export const tidy = async ({ run, backup, parts }: Step, { isProven }: Proof): Promise<void> => {
  await forgetParts(parts.pool, run.id);
  if (!isProven) return;
  await rm(scratchOf(backup, run.id), { recursive: true, force: true });
  await tidyLocal(backup, parts);
};

/** Rotates, but only on the account of an archive that this run has proven. A refusal is raised, and costs the run nothing. */
export const rotate = async (step: Step, { archive }: Proof): Promise<void> => {
  const { backup, hold, parts, signal } = step;
  if (archive.state !== "verified") return;
  const { pool, clock, log, passPoint } = parts;
  const bucket = parts.bucketOf(backup);
  try {
    const owed = await owedDate(backup, parts);
    const mayDelete = (): Promise<boolean> => hold.isHeld();
    const ask = { mayDelete, thisRun: archive.key, owed, dryRun: false, allowDelete: null, confirmedBy: null, signal };
    await tellPruned(backup, await prune(backup, ask, { pool, bucket, clock, log, passPoint }), parts);
  } catch (error) {
    if (isFault(error, "run.aborted") || signal.aborted) throw error;
    log.error("backup.rotation", { backup: backup.name, error });
    await tellRefused(
      backup,
      [wordsOf(error), "The newest archive is fine. It is tried again after the next one."],
      parts,
    );
  }
};

const tellPruned = async (backup: Backup, report: PruneReport, parts: BackupParts): Promise<void> => {
  const { refusals, gone, notes } = report;
  const failed = gone.filter(({ outcome }) => outcome === "failed").map(({ key, words }) => `${key}: ${words}`);
  const lines = [...refusals.flatMap(({ words, hint }) => [words, hint]), ...failed];
  if (lines.length === 0) return void (await parts.alerts.recover(pruneKey(backup)));
  await tellRefused(backup, [...lines, ...notes], parts);
};

const pruneKey = ({ name }: Backup): string => `backup:${name}:prune`;

const tellRefused = async (backup: Backup, lines: readonly string[], parts: BackupParts): Promise<void> => {
  await parts.alerts.raise({
    key: pruneKey(backup),
    severity: "warning",
    subject: `Not all old archives of “${backup.name}” were removed`,
    lines: [...lines, `Look what would be removed: daybreak backup prune ${backup.name} --dry-run`],
  });
};

/** The run is done: troubles that it has ended are over, and a watcher outside hears of it. */
export const conclude = async (step: Step, { verifyMs }: Proof): Promise<TakenRun> => {
  const { backup, parts } = step;
  const done = await moved(step, { to: "done", ...(verifyMs !== null && { verifyMs }) });
  for (const trouble of ["failed", "late"]) await parts.alerts.recover(`backup:${backup.name}:${trouble}`);
  if (backup.ping !== null) {
    await parts.ping(backup.ping, `${backup.name}: ${step.run.key ?? ""}`).catch((error: unknown) => {
      parts.log.warn("backup.ping", { backup: backup.name, error });
    });
  }
  return done;
};

/** The first half of a run: room on the disk, the archive by its producer, encrypted where wanted, hashed. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { encryptFile } from "#backup/encrypt.ts";
import { lookForRoom } from "#backup/local.ts";
import type { Produced } from "#backup/port.ts";
import { type FileMark, isSameFile, markOf, type Seal, sealFile } from "#backup/seal.ts";
import { moved, type Step } from "#backup/step.ts";
import type { Backup } from "#model/backup.ts";
import type { RunSource } from "#model/backup-run.ts";
import { isFault } from "#model/fault.ts";
import { msBetween } from "#model/time.ts";
import { recentSizes } from "#store/archives.ts";
import { runById, type TakenRun } from "#store/backup-runs.ts";

/** The folder in which a run makes its archive: its own, removed when the archive is proven. */
export const scratchOf = (backup: Pick<Backup, "scratch">, runId: string): string =>
  join(backup.scratch, `run-${runId}`);

/** Looks whether there is room for another archive, before anything is written. */
export const prepare = async (step: Step): Promise<TakenRun> => {
  const { backup, parts } = step;
  await removeLeftovers(step);
  const sizes = await recentSizes(parts.pool, { backup: backup.name, limit: 1 });
  await lookForRoom({ backup, parts, lastBytes: sizes[0] ?? null });
  return moved(step, { to: "producing" });
};

/** Makes the archive, or finds the one that this run has made already. */
export const make = async (step: Step): Promise<{ readonly run: TakenRun; readonly seal: Seal }> => {
  const { run, parts } = step;
  const found = await sealAgain(step);
  if (found !== null) return { run: await moved(step, { to: "uploading" }), seal: found };
  const began = parts.clock.now();
  await parts.passPoint("backup:producing");
  const { produced, path, local } = await produceFile(step);
  const seal = await sealFile(path, sealingOf(step));
  await parts.passPoint("backup:produced");
  const produceMs = msBetween(began, parts.clock.now());
  const { sha256, bytes, ino, mtimeMs } = seal.file;
  const { extension, inScratch, beside, words, version } = produced;
  const source: RunSource = { path, extension, inScratch, beside, bytes, ino, mtimeMs, sha256, version, local };
  parts.log.info("backup.made", { backup: run.backup, run: run.id, bytes, sha256, ms: produceMs });
  return { run: await moved(step, { to: "uploading", source, words, produceMs }), seal };
};

const sealingOf = ({ signal, parts: { partBounds } }: Step) => ({ signal, ...(partBounds && { bounds: partBounds }) });

/** The recorded archive of this run with its hashes; `null` when there is none, it is gone, or it isn't the same any more. */
export const sealAgain = async (step: Step): Promise<Seal | null> => {
  const { source } = step.run;
  if (source === null) return null;
  try {
    if (!isSameFile(await markOf(source.path), source)) return null;
    const seal = await sealFile(source.path, sealingOf(step));
    return seal.file.sha256 === source.sha256 ? seal : null;
  } catch (error) {
    if (isFault(error, "backup.upload")) return null;
    throw error;
  }
};

interface Made {
  readonly produced: Produced;
  /** What is uploaded. */
  readonly path: string;
  /** What lies where the producer's own rules put it. */
  readonly local: FileMark | null;
}

const produceFile = async (step: Step): Promise<Made> => {
  const { run, backup, parts } = step;
  const scratch = scratchOf(backup, run.id);
  // What a dead process left half made is of no use.
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const stem = `${backup.root}-${run.date}`;
  const { producer, extension, produceTimeoutMs: timeoutMs } = backup;
  const produced = await parts.produce({ producer, stem, extension, scratch, timeoutMs, signal: step.signal });
  const local = produced.inScratch ? null : await markOf(produced.path);
  if (backup.encryptTo.length === 0) return { produced, path: produced.path, local };
  const path = join(scratch, `${basename(produced.path)}.age`);
  await encryptFile({ from: produced.path, to: path, signal: step.signal }, backup.encryptTo);
  if (produced.inScratch) await rm(produced.path, { force: true });
  return { produced, path, local };
};

/** Folders of runs of this backup that have ended: a failed one's is kept until the next run, for whoever wants to look. */
const removeLeftovers = async ({ run, backup, parts }: Step): Promise<void> => {
  const names = await readdir(backup.scratch).catch(() => []);
  for (const name of names) {
    const id = /^run-(\d+)$/.exec(name)?.[1];
    if (id === undefined || id === run.id) continue;
    const other = await runById(parts.pool, id);
    // A run that we don't know may be another installation's, which shares the folder.
    if (other?.backup !== backup.name || other.finishedAt === null) continue;
    await rm(join(backup.scratch, name), { recursive: true, force: true });
  }
};

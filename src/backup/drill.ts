/** The rehearsal of a restore: an archive is fetched, compared, decrypted, and handed to a command that looks whether it would do. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { decryptFile } from "#backup/encrypt.ts";
import { fetchArchive } from "#backup/fetch.ts";
import { readManifest } from "#backup/manifest.ts";
import { persist } from "#backup/persist.ts";
import { planDrill } from "#backup/plan/checks.ts";
import { placeInWords, seriesOf } from "#backup/plan/keys.ts";
import { type Keeping, readAgain } from "#backup/reread.ts";
import { persistenceOf } from "#backup/step.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import { msBetween, type Temporal } from "#model/time.ts";
import { archiveByKey, archivesOf } from "#store/archives.ts";
import { beginDrill, endDrill, recentDrills } from "#store/drills.ts";

/** What a drill needs beside what keeping needs. */
export interface DrillAsk {
  /** Its slot; `null`: an operator asked for it. */
  readonly nominal: Temporal.Instant | null;
  readonly random: number;
}

/** How one archive did. */
export interface Rehearsed {
  readonly key: string;
  readonly outcome: "passed" | "failed";
  readonly durationMs: number;
  readonly words: string | null;
}

/** Rehearses with the newest proven archive and a random older one. A failure is recorded and raised, not thrown. */
export const drill = async (keeping: Keeping, ask: DrillAsk): Promise<readonly Rehearsed[]> => {
  const { backup, parts } = keeping;
  await removeLeftovers(keeping);
  const chosen = planDrill(await archivesOf(parts.pool, seriesOf(backup)), ask.random);
  const rehearsed: Rehearsed[] = [];
  if (chosen.length === 0) rehearsed.push(await nothingThere(keeping, ask));
  for (const archive of chosen) rehearsed.push(await rehearse(archive, keeping, ask));
  const failed = rehearsed.filter(({ outcome }) => outcome === "failed");
  const key = `backup:${backup.name}:drill`;
  if (failed.length === 0) await parts.alerts.recover(key);
  else {
    await parts.alerts.raise({
      key,
      severity: "critical",
      subject: `A restore of “${backup.name}” would fail`,
      lines: [
        ...failed.map(({ key: which, words }) => `${which || backup.name}: ${words}`),
        `Once more, by hand: daybreak backup drill ${backup.name}`,
      ],
    });
  }
  return rehearsed;
};

const nothingThere = async ({ backup, parts }: Keeping, { nominal }: DrillAsk): Promise<Rehearsed> => {
  const now = parts.clock.now();
  const id = await beginDrill(parts.pool, { backup: backup.name, archiveId: null, key: "", nominal, now });
  const words = "there is no proven archive to rehearse with";
  await endDrill(parts.pool, id, { outcome: "failed", durationMs: 0, bytes: null, words, now });
  return { key: "", outcome: "failed", durationMs: 0, words };
};

const rehearse = async (archive: CataloguedArchive, keeping: Keeping, ask: DrillAsk): Promise<Rehearsed> => {
  const { backup, parts, signal } = keeping;
  const began = parts.clock.now();
  const { id: archiveId, key } = archive;
  const id = await beginDrill(parts.pool, { backup: backup.name, archiveId, key, nominal: ask.nominal, now: began });
  const scratch = join(backup.scratch, `drill-${id}`);
  let words: string | null = null;
  try {
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    await tryRestore(archive, keeping, scratch);
  } catch (error) {
    if (signal.aborted) throw error;
    words = await reasonOf(error, archive, keeping);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const now = parts.clock.now();
  const durationMs = msBetween(began, now);
  const outcome = words === null ? "passed" : "failed";
  await endDrill(parts.pool, id, { outcome, durationMs, bytes: archive.bytes, words, now });
  parts.log.info("backup.drill", { backup: backup.name, key, outcome, ms: durationMs, words });
  return { key, outcome, durationMs, words };
};

const tryRestore = async (archive: CataloguedArchive, keeping: Keeping, scratch: string): Promise<void> => {
  const { backup, parts, signal } = keeping;
  const bucket = parts.bucketOf(backup);
  const persistence = persistenceOf(keeping);
  const stored = join(scratch, "archive.stored");
  const onProgress = (bytes: number, of: number): void => parts.onProgress?.("restore", bytes, of);
  await fetchArchive({ bucket, archive, path: stored }, { ...persistence, onProgress });
  const read = await persist(() => readManifest(bucket, archive.key), persistence);
  if (read.kind !== "manifest")
    throw new Fault("backup.restore", "It has no manifest that can be read.", {
      hint: `daybreak backup adopt ${backup.name}`,
    });
  const path = await plainOf(
    stored,
    { scratch, extension: backup.extension, isEncrypted: read.manifest.encryption !== null },
    keeping,
  );
  if (backup.drill?.check == null) return;
  const late = AbortSignal.timeout(backup.drill.timeoutMs);
  await parts.check({ line: backup.drill.check, path, cwd: scratch, signal: AbortSignal.any([signal, late]) });
};

interface Plain {
  readonly scratch: string;
  readonly extension: string;
  readonly isEncrypted: boolean;
}

const plainOf = async (
  stored: string,
  { scratch, extension, isEncrypted }: Plain,
  keeping: Keeping,
): Promise<string> => {
  if (!isEncrypted) return stored;
  const { identity } = keeping.parts;
  if (identity === null) {
    throw new Fault("backup.restore", "It is encrypted, and no identity is here to read it.", {
      hint: "put the private key of age into DAYBREAK_BACKUP_IDENTITY_FILE on the machine that rehearses",
    });
  }
  const path = join(scratch, `archive.${extension}`);
  await decryptFile({ from: stored, to: path, signal: keeping.signal }, identity);
  return path;
};

/** A fetch that failed may be the disk's fault or the bucket's: only reading it back without a disk between tells. */
const reasonOf = async (error: unknown, archive: CataloguedArchive, keeping: Keeping): Promise<string> => {
  const { parts, backup } = keeping;
  const now = await archiveByKey(parts.pool, placeInWords(backup.place), archive.key);
  if (now === null || now.state === "removed") return "the rotation removed it meanwhile";
  if (isFault(error, "backup.restore")) await readAgain(archive, keeping).catch(() => undefined);
  return isFault(error) ? `${wordsOf(error)} (${error.hint})` : wordsOf(error);
};

/** What a rehearsal left behind whose process was killed. */
const removeLeftovers = async ({ backup, parts }: Keeping): Promise<void> => {
  const names = new Set(await readdir(backup.scratch).catch(() => []));
  for (const { id } of await recentDrills(parts.pool, backup.name, 100)) {
    if (names.has(`drill-${id}`)) await rm(join(backup.scratch, `drill-${id}`), { recursive: true, force: true });
  }
};

/** Proving archives because somebody asked for it: reading them back, and rehearsing a restore. */
import { drill, type Rehearsed } from "#backup/drill.ts";
import { readManifest } from "#backup/manifest.ts";
import { seriesOf } from "#backup/plan/keys.ts";
import { type Keeping, readAgain } from "#backup/reread.ts";
import type { BackupParts } from "#backup/step.ts";
import { readBackWords } from "#backup/verify.ts";
import type { Backup } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { Fault } from "#model/fault.ts";
import { msBetween } from "#model/time.ts";
import { archivesOf } from "#store/archives.ts";
import { holdLock } from "#store/hold.ts";

/** Which archives are read back: those that aren't proven (the newest where all are), all, or those of a date. */
export type Which =
  | { readonly kind: "unproven" }
  | { readonly kind: "all" }
  | { readonly kind: "date"; readonly date: string };

/** What reading one archive back has found. */
export interface Verified {
  readonly key: string;
  readonly date: string;
  readonly bytes: number;
  /** `bare`: its bytes are right, and its manifest is gone or can't be read. */
  readonly outcome: "equal" | "different" | "missing" | "bare";
  readonly words: string;
  readonly ms: number;
}

/** What is asked. */
export interface ProofAsk {
  readonly signal: AbortSignal;
  readonly onArchive?: (key: string) => void;
}

/** Reads archives back, whole, and records what was found. */
export const verifyArchives = async (
  backup: Backup,
  which: Which,
  { ask, parts }: { readonly ask: ProofAsk; readonly parts: BackupParts },
): Promise<readonly Verified[]> => {
  const keeping: Keeping = { backup, parts, signal: ask.signal };
  return underKeepLock(keeping, async () => {
    const chosen = chooseFrom(await archivesOf(parts.pool, seriesOf(backup)), which);
    if (chosen.length === 0) throw noneFault(backup, which);
    const verified: Verified[] = [];
    for (const archive of chosen) {
      ask.onArchive?.(archive.key);
      verified.push(await verifyOne(archive, keeping));
    }
    return verified;
  });
};

const chooseFrom = (archives: readonly CataloguedArchive[], which: Which): readonly CataloguedArchive[] => {
  const there = archives.filter(({ state }) => state !== "removed");
  if (which.kind === "all") return there;
  if (which.kind === "date") return there.filter(({ date }) => date === which.date);
  const unproven = there.filter(
    ({ state, verifiedAt }) => state !== "verified" && !(state === "suspect" && verifiedAt !== null),
  );
  return unproven.length > 0 ? unproven : there.slice(0, 1);
};

const verifyOne = async (archive: CataloguedArchive, keeping: Keeping): Promise<Verified> => {
  const { backup, parts } = keeping;
  const began = parts.clock.now();
  const found = await readAgain(archive, keeping);
  const { key, date, bytes } = archive;
  const told = { key, date, bytes, ms: msBetween(began, parts.clock.now()) };
  const words = readBackWords(archive, found);
  if (found.outcome !== "equal") return { ...told, outcome: found.outcome, words };
  const manifest = await readManifest(parts.bucketOf(backup), key);
  if (manifest.kind === "manifest") return { ...told, outcome: "equal", words };
  const bare = `${key} is whole, but has no manifest that can be read: daybreak backup adopt ${backup.name}`;
  return { ...told, outcome: "bare", words: bare };
};

/** Rehearses a restore now. */
export const drillNow = (
  backup: Backup,
  { ask, parts }: { readonly ask: ProofAsk; readonly parts: BackupParts },
): Promise<readonly Rehearsed[]> => {
  const keeping: Keeping = { backup, parts, signal: ask.signal };
  return underKeepLock(keeping, () => drill(keeping, { nominal: null, random: Math.random() }));
};

const underKeepLock = async <T>(keeping: Keeping, work: () => Promise<T>): Promise<T> => {
  const { backup, parts, signal } = keeping;
  await using hold = await holdLock(parts.pool, `backup-keep:${backup.name}`);
  if (hold === null) {
    throw new Fault("backup.refused", `Somebody else reads archives of “${backup.name}” just now.`, {
      hint: "try again when it is over: a rehearsal, or what is re-read each day",
      retry: "later",
    });
  }
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Fault("run.aborted", "Stopped. Nothing was changed by what was not read to its end.", {
      hint: "",
      cause: error,
    });
  }
};

const noneFault = ({ name }: Backup, which: Which): Fault =>
  new Fault("store.not-found", `“${name}” has no archive${which.kind === "date" ? ` of ${which.date}` : ""}.`, {
    hint: `look what there is: daybreak backup list ${name}`,
  });

/** An operator's verbs for backups and their archives. */
import { type Adopted, adopt } from "#backup/adopt.ts";
import { type Rebuilt, rebuildCatalog } from "#backup/catalog.ts";
import { owedDate } from "#backup/due.ts";
import { changeManifest } from "#backup/manifest.ts";
import { seriesOf } from "#backup/plan/keys.ts";
import { type PruneReport, prune } from "#backup/prune.ts";
import type { BackupParts } from "#backup/step.ts";
import type { Backup } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { Fault } from "#model/fault.ts";
import { nearestTo } from "#model/nearest.ts";
import { acceptArchive, archivesOf, pinArchive } from "#store/archives.ts";
import { type Hold, holdLock } from "#store/hold.ts";

/** The backup of that name. Throws `store.not-found` naming the nearest, or all there are. */
export const backupNamed = (name: string, backups: readonly Backup[]): Backup => {
  const found = backups.find((backup) => backup.name === name);
  if (found !== undefined) return found;
  const names = backups.map((backup) => backup.name);
  const near = nearestTo(name, names);
  const all = names.length === 0 ? "the configuration has no backups" : `there are: ${names.join(", ")}`;
  const hint = near === null ? all : `did you mean “${near}”?`;
  throw new Fault("store.not-found", `There is no backup “${name}”.`, { hint });
};

/** Does something while nobody else makes, removes or reads this backup's archives. Throws `backup.refused` when somebody does. */
const underLock = async <T>(backup: Backup, parts: BackupParts, work: (hold: Hold) => Promise<T>): Promise<T> => {
  await using hold = await holdLock(parts.pool, `backup:${backup.name}`);
  if (hold !== null) return await work(hold);
  throw new Fault("backup.refused", `Somebody else is at work on the backup “${backup.name}”.`, {
    hint: "see what: daybreak backup status; try again when it is over",
    retry: "later",
  });
};

/** What is asked of a removal. */
export interface PruneWords {
  readonly dryRun: boolean;
  readonly allowDelete: number | null;
  /** Approves the retention as the configuration now has it. */
  readonly confirm: boolean;
  readonly by: string;
  readonly signal?: AbortSignal;
}

/** Removes what the retention no longer keeps, or says what it would. A refusal is in the report, not thrown. */
export const pruneBackup = async (backup: Backup, words: PruneWords, parts: BackupParts): Promise<PruneReport> => {
  const { pool, clock, log, passPoint } = parts;
  const ask = {
    ...{ thisRun: null, owed: await owedDate(backup, parts), dryRun: words.dryRun, allowDelete: words.allowDelete },
    confirmedBy: words.confirm ? words.by : null,
    ...(words.signal && { signal: words.signal }),
  };
  const own = { pool, clock, log, passPoint, bucket: parts.bucketOf(backup) };
  // A dry run changes nothing, so it may look on while somebody works.
  if (words.dryRun) return prune(backup, { ...ask, mayDelete: () => Promise.resolve(false) }, own);
  const report = await underLock(backup, parts, (hold) =>
    prune(backup, { ...ask, mayDelete: () => hold.isHeld() }, own),
  );
  if (report.refusals.length === 0) await parts.alerts.recover(`backup:${backup.name}:prune`);
  return report;
};

/** An archive with the backup that it is of. */
export interface FoundArchive {
  readonly backup: Backup;
  readonly archive: CataloguedArchive;
}

/** The archive of that key, or of that file name where only one has it. Throws `store.not-found`, `usage` for several. */
export const archiveNamed = async (
  name: string,
  backups: readonly Backup[],
  { pool }: Pick<BackupParts, "pool">,
): Promise<FoundArchive> => {
  const found: FoundArchive[] = [];
  for (const backup of backups) {
    const archives = await archivesOf(pool, seriesOf(backup));
    const meant = archives.filter(({ key }) => key === name || key.endsWith(`/${name}`));
    found.push(...meant.map((archive) => ({ backup, archive })));
  }
  const [first, ...more] = found.filter(({ archive }) => archive.key === name).concat(found);
  if (first === undefined)
    throw new Fault("store.not-found", `There is no archive “${name}”.`, { hint: "see them: daybreak backup list" });
  const others = more.filter(({ archive }) => archive.id !== first.archive.id);
  if (first.archive.key === name || others.length === 0) return first;
  const hint = `name one by its whole key: ${[first, ...others].map(({ archive }) => archive.key).join(", ")}`;
  throw new Fault("usage", `There are ${others.length + 1} archives “${name}”.`, { hint });
};

/** Pins an archive with a reason, or unpins it (`null`). */
export const setPin = async (
  { backup, archive }: FoundArchive,
  pin: string | null,
  parts: BackupParts,
): Promise<void> => {
  // The manifest first: it is looked at once more before a removal, and a rebuilt catalogue knows the pin from it.
  await changeManifest(parts.bucketOf(backup), archive.key, { pin });
  if (await pinArchive(parts.pool, archive.id, pin)) return;
  throw new Fault("backup.refused", `“${archive.key}” was removed meanwhile.`, {
    hint: "see what there is: daybreak backup list",
  });
};

/** Lets a suspect archive count, with who said why. The state that it then has. */
export const acceptSuspect = async (
  { backup, archive }: FoundArchive,
  reason: string,
  parts: BackupParts,
): Promise<"made" | "verified"> => {
  const done =
    archive.state === "suspect" &&
    (await underLock(backup, parts, async () => {
      await changeManifest(parts.bucketOf(backup), archive.key, { suspect: null, accepted: reason });
      return await acceptArchive(parts.pool, archive.id, reason);
    }));
  if (!done) {
    const hint = "only a suspect archive waits for a word: daybreak backup list";
    throw new Fault("usage", `“${archive.key}” isn't suspect: it is ${archive.state}.`, { hint });
  }
  await parts.alerts.recover(`backup:${backup.name}:suspect`);
  return archive.verifiedAt === null ? "made" : "verified";
};

/** Rebuilds the catalogue from the bucket. */
export const rebuild = (
  backup: Backup,
  ask: { readonly dryRun: boolean; readonly by: string; readonly signal?: AbortSignal },
  parts: BackupParts,
): Promise<Rebuilt> => {
  const own = { pool: parts.pool, clock: parts.clock, bucket: parts.bucketOf(backup) };
  return ask.dryRun
    ? rebuildCatalog(backup, ask, own)
    : underLock(backup, parts, () => rebuildCatalog(backup, ask, own));
};

/** Brings archives from before Daybreak under the rotation. */
export const adoptArchives = (
  backup: Backup,
  ask: {
    readonly dryRun: boolean;
    readonly signal?: AbortSignal;
    readonly onProgress?: (key: string, bytes: number, of: number) => void;
  },
  parts: BackupParts,
): Promise<readonly Adopted[]> => {
  const { pool, clock, madeBy } = parts;
  const told = ask.onProgress === undefined ? {} : { onProgress: ask.onProgress };
  const own = { pool, clock, madeBy, bucket: parts.bucketOf(backup), ...told };
  return ask.dryRun ? adopt(backup, ask, own) : underLock(backup, parts, () => adopt(backup, ask, own));
};

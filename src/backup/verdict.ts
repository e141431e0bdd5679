/** What is recorded, in the row, in the manifest and as an alert, when an archive was read back or could not be found. */
import { changeManifest } from "#backup/manifest.ts";
import { type Persistence, persist } from "#backup/persist.ts";
import type { BackupAlerts } from "#backup/step.ts";
import { type ReadBack, readBackWords } from "#backup/verify.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { Fault } from "#model/fault.ts";
import { judgeArchive, markVerified } from "#store/archives.ts";
import type { Pool } from "#store/pool.ts";

/** What a verdict uses. */
export interface VerdictParts extends Persistence {
  readonly pool: Pool;
  readonly alerts: BackupAlerts;
  readonly bucket: ArchiveBucket;
}

/** The alert about one archive that isn't what it should be. */
export const brokenKey = ({ backup, key }: Pick<CataloguedArchive, "backup" | "key">): string =>
  `backup:${backup}:broken:${key}`;

/** Records what reading an archive back has found: `null` when it is what was made, else the fault. */
export const recordVerdict = async (
  archive: CataloguedArchive,
  found: ReadBack,
  parts: VerdictParts,
): Promise<Fault | null> => {
  if (found.outcome === "equal") {
    await recordProof(archive, parts);
    return null;
  }
  const words = readBackWords(archive, found);
  await recordBroken(archive, { state: found.outcome === "missing" ? "missing" : "broken", words }, parts);
  if (found.outcome === "different") await takeBackProof(archive, parts);
  return new Fault("backup.verify", words, { hint: brokenHint(archive) });
};

/** Right now, and whole. The manifest says so too, for a restore that has no database. */
const recordProof = async (archive: CataloguedArchive, parts: VerdictParts): Promise<void> => {
  const now = parts.clock.now();
  await markVerified(parts.pool, archive.id, now);
  if (archive.verifiedAt === null || archive.state !== "verified") {
    await persist(() => changeManifest(parts.bucket, archive.key, { verify: { level: "read-back", at: now } }), parts);
  }
  await parts.alerts.recover(brokenKey(archive));
};

/** A catalogue that is rebuilt from the manifests must not count it. What can't be written now stands in the row all the same. */
const takeBackProof = async ({ key }: CataloguedArchive, parts: VerdictParts): Promise<void> => {
  const once = { ...parts, retryForMs: 0 };
  await persist(() => changeManifest(parts.bucket, key, { verify: null }), once).catch(() => undefined);
};

/** Records that an archive is broken or missing, and raises it. */
export const recordBroken = async (
  archive: CataloguedArchive,
  { state, words }: { readonly state: "broken" | "missing"; readonly words: string },
  { pool, alerts }: Pick<VerdictParts, "pool" | "alerts">,
): Promise<void> => {
  await judgeArchive(pool, archive.id, { state, reason: words });
  await alerts.raise({
    key: brokenKey(archive),
    severity: "critical",
    subject: `An archive of “${archive.backup}” is ${state}`,
    lines: [words, "It doesn't count as a backup any more.", brokenHint(archive)],
  });
};

const brokenHint = ({ backup }: Pick<CataloguedArchive, "backup">): string =>
  `look at the bucket, and make another archive: daybreak backup run ${backup}`;

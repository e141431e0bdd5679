/** Looks after what is kept: everything is asked for once a day, and read again as far as a day's budget goes. */

import { persist } from "#backup/persist.ts";
import { planLooks, planRereads } from "#backup/plan/checks.ts";
import { manifestKey, prefixOfKeys, seriesOf } from "#backup/plan/keys.ts";
import { type BackupParts, persistenceOf } from "#backup/step.ts";
import { brokenKey, recordBroken, recordVerdict } from "#backup/verdict.ts";
import { type ReadBack, readBack } from "#backup/verify.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Backup } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { wordsOf } from "#model/fault.ts";
import { limitTo } from "#runtime/limit.ts";
import { archivesOf, markSeen } from "#store/archives.ts";

/** One backup whose archives are looked after. */
export interface Keeping {
  readonly backup: Backup;
  readonly parts: BackupParts;
  readonly signal: AbortSignal;
}

const asksAtOnce = 4;

/** Asks the bucket for every archive that nobody has asked for since yesterday; how many. Call it while the backup's lock is held: nothing may be removed meanwhile. */
export const lookAtKept = async (keeping: Keeping): Promise<number> => {
  const { backup, parts } = keeping;
  const all = await archivesOf(parts.pool, seriesOf(backup));
  const due = planLooks(all, parts.clock.now());
  if (due.length === 0) return 0;
  const bucket = parts.bucketOf(backup);
  const limit = limitTo(asksAtOnce);
  const seen = await Promise.all(due.map((archive) => limit.run(() => lookAt(archive, bucket, keeping))));
  await markSeen(
    parts.pool,
    seen.filter((one) => one !== null),
    parts.clock.now(),
  );
  await lookForManifests(due, bucket, keeping);
  return due.length;
};

const lookAt = async (archive: CataloguedArchive, bucket: ArchiveBucket, keeping: Keeping) => {
  const { parts, signal } = keeping;
  const head = await persist(() => bucket.head(archive.key, signal), persistenceOf(keeping));
  if (head === null) {
    if (archive.state === "missing") return null;
    const words = `${archive.key} was in the bucket and is not there any more; Daybreak has not removed it.`;
    await recordBroken(archive, { state: "missing", words }, parts);
    return null;
  }
  if (head.bytes !== archive.bytes) {
    const words = `${archive.key} has ${head.bytes} bytes, the archive that was made had ${archive.bytes}.`;
    await recordBroken(archive, { state: "broken", words }, parts);
  } else if (archive.state === "missing") await parts.alerts.recover(brokenKey(archive));
  return { id: archive.id, lockedUntil: head.lockedUntil };
};

/** An archive without its manifest doesn't exist for a restore that has only the bucket. */
const lookForManifests = async (
  archives: readonly CataloguedArchive[],
  bucket: ArchiveBucket,
  keeping: Keeping,
): Promise<void> => {
  const { backup, parts, signal } = keeping;
  const keys = await persist(async () => {
    const found = new Set<string>();
    for await (const page of bucket.pages(prefixOfKeys(backup), signal)) for (const { key } of page) found.add(key);
    return found;
  }, persistenceOf(keeping));
  const lacking = archives.filter(({ key }) => keys.has(key) && !keys.has(manifestKey(key))).map(({ key }) => key);
  const alert = `backup:${backup.name}:manifest`;
  if (lacking.length === 0) return void (await parts.alerts.recover(alert));
  await parts.alerts.raise({
    key: alert,
    severity: "critical",
    subject: `Archives of “${backup.name}” have lost their manifests`,
    lines: [
      ...lacking.slice(0, 20),
      "Without it an archive is not found by a restore that has only the bucket.",
      `Write it anew: daybreak backup adopt ${backup.name}`,
    ],
  });
};

/** Reads archives again, longest unproven first, within the day's budget; how many. */
export const rereadKept = async (keeping: Keeping): Promise<number> => {
  const { backup, parts } = keeping;
  const archives = await archivesOf(parts.pool, seriesOf(backup));
  const chosen = planRereads({ archives, bytesPerDay: backup.rereadBytesPerDay, now: parts.clock.now() });
  for (const archive of chosen) await readAgain(archive, keeping);
  return chosen.length;
};

/** Reads one archive back and records what was found; a fault of the way there proves nothing. */
export const readAgain = async (archive: CataloguedArchive, keeping: Keeping): Promise<ReadBack> => {
  const { backup, parts } = keeping;
  const bucket = parts.bucketOf(backup);
  const persistence = persistenceOf(keeping);
  const onProgress = (bytes: number, of: number): void => parts.onProgress?.("verify", bytes, of);
  const found = await readBack(bucket, archive, { ...persistence, onProgress });
  // The rotation may have taken it while it was read; whether it is missing is told by the look that holds the lock.
  if (found.outcome === "missing") return found;
  const { pool, alerts } = parts;
  const fault = await recordVerdict(archive, found, { ...persistence, pool, alerts, bucket });
  parts.log.info("backup.reread", {
    backup: backup.name,
    key: archive.key,
    outcome: found.outcome,
    ...(found.outcome === "equal" && found.flipped !== undefined && { flipped: found.flipped }),
    fault: fault && wordsOf(fault),
  });
  return found;
};

import { DAY_MS } from "#backup/plan/days.ts";
import { keyReader, placeInWords, prefixOfKeys } from "#backup/plan/keys.ts";
import type { ArchiveBucket, OpenUpload } from "#bucket/port.ts";
import type { Backup } from "#model/backup.ts";
import { msBetween, type Temporal } from "#model/time.ts";
import type { Log } from "#runtime/log.ts";
import { liveUploads } from "#store/backup-runs.ts";
import type { Db } from "#store/db.ts";

/** What ending old uploads needs. */
export interface JanitorParts {
  readonly pool: Db;
  readonly bucket: Pick<ArchiveBucket, "uploads" | "abort">;
  readonly log: Log;
}

/** Uploads of a backup that no run needs any more: begun a day ago or earlier, under a key of ours. Their parts are invisible and paid for. */
export const strayUploads = async (
  backup: Backup,
  now: Temporal.Instant,
  { pool, bucket }: Omit<JanitorParts, "log">,
): Promise<readonly OpenUpload[]> => {
  const read = keyReader(backup);
  const open = await bucket.uploads(prefixOfKeys(backup));
  const old = open.filter(({ key, beganAt }) => read(key)?.kind === "archive" && msBetween(beganAt, now) > DAY_MS);
  if (old.length === 0) return [];
  const live = new Set(await liveUploads(pool, placeInWords(backup.place)));
  return old.filter(({ id }) => !live.has(id));
};

/** Ends the stray uploads of a backup, and says which. */
export const endStrayUploads = async (
  backup: Backup,
  now: Temporal.Instant,
  parts: JanitorParts,
): Promise<readonly OpenUpload[]> => {
  const stray = await strayUploads(backup, now, parts);
  for (const upload of stray) {
    await parts.bucket.abort(upload);
    parts.log.info("backup.upload-ended", { backup: backup.name, key: upload.key, beganAt: upload.beganAt.toString() });
  }
  return stray;
};

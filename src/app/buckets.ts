import { folderArchives } from "#bucket/folder-archives.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { BackupPlace } from "#model/backup.ts";
import { Fault } from "#model/fault.ts";

/** Opens the place of a backup. */
export const openBucket = (place: BackupPlace): ArchiveBucket => {
  if (place.kind === "folder") return folderArchives({ dir: place.dir });
  const hint = "put archives into a folder: to: file:backups";
  throw new Fault("bucket.io", `s3://${place.bucket} can't be opened by this Daybreak.`, { hint });
};

import { folderArchives } from "#bucket/folder-archives.ts";
import { openedLate } from "#bucket/opened-late.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { BackupPlace } from "#model/backup.ts";

/** Opens the place of a backup: the folder, or the bucket from its root, since keys of archives name the path in it. */
export const openBucket = (place: BackupPlace): ArchiveBucket => {
  if (place.kind === "folder") return folderArchives({ dir: place.dir });
  return openedLate(`s3://${place.bucket}`, async () => (await import("#bucket/s3.ts")).s3Archives(place));
};

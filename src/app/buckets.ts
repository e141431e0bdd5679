import { folderArchives } from "#bucket/folder-archives.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { s3Archives } from "#bucket/s3.ts";
import type { BackupPlace } from "#model/backup.ts";

/** Opens the place of a backup: the folder, or the bucket from its root, since keys of archives name the path in it. */
export const openBucket = (place: BackupPlace): ArchiveBucket =>
  place.kind === "folder" ? folderArchives({ dir: place.dir }) : s3Archives(place);

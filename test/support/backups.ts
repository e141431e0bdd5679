import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupParts } from "#backup/step.ts";
import { folderArchives } from "#bucket/folder-archives.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Backup } from "#model/backup.ts";
import type { Pool } from "#store/pool.ts";
import { backupIn, partsOver } from "./backup-of.ts";
import { type RunningClock, runningClock } from "./clock.ts";
import { freshDatabase } from "./database.ts";
import { type KeptAlerts, keptAlerts } from "./kept-alerts.ts";
import { type KeptLog, keptLog } from "./kept-log.ts";

/** A folder, a database and the parts of backups over them. */
export interface BackupWorld extends AsyncDisposable {
  readonly dir: string;
  readonly pool: Pool;
  readonly clock: RunningClock;
  readonly log: KeptLog;
  readonly alerts: KeptAlerts;
  readonly parts: BackupParts;
  readonly backup: Backup;
  readonly bucket: ArchiveBucket;
}

/** Opens a world for one backup; parts may be replaced. */
export const openBackups = async (
  differs: { readonly backup?: Partial<Backup>; readonly parts?: Partial<BackupParts> } = {},
): Promise<BackupWorld> => {
  await using stack = new AsyncDisposableStack();
  const { pool } = stack.use(await freshDatabase());
  const dir = await mkdtemp(join(tmpdir(), "daybreak-backups-"));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const [clock, log, alerts] = [runningClock(), keptLog(), keptAlerts()];
  const backup = backupIn(dir, differs.backup);
  const bucket = folderArchives({ dir: join(dir, "bucket") });
  const parts: BackupParts = { ...partsOver({ pool, bucket, clock, log, alerts }), ...differs.parts };
  const owned = stack.move();
  return { dir, pool, clock, log, alerts, parts, backup, bucket, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

/** The disk of the machine that makes the archives: is there room, and what may go. */
import { lookAtRoom, removeRecorded } from "#backup/disk.ts";
import { placeInWords } from "#backup/plan/keys.ts";
import { planLocal } from "#backup/plan/local.ts";
import type { BackupParts } from "#backup/step.ts";
import type { Backup } from "#model/backup.ts";
import { archiveByKey } from "#store/archives.ts";
import { doneRuns } from "#store/backup-runs.ts";

/** Throws `backup.produce` when another archive like the last one has no room; raises it when the next but one will have none. */
export const lookForRoom = async ({
  backup,
  parts,
  lastBytes,
}: {
  readonly backup: Backup;
  readonly parts: BackupParts;
  readonly lastBytes: number | null;
}): Promise<void> => {
  const key = `backup:${backup.name}:disk`;
  const { kind } = backup.producer;
  const dir = backup.producer.kind === "tableau" ? (backup.producer.dir ?? backup.scratch) : backup.scratch;
  const room = await lookAtRoom({ kind, dir, lastBytes });
  if (room.verdict === "enough") return void (await parts.alerts.recover(key));
  await parts.alerts.raise({
    key,
    severity: "warning",
    subject: `The disk on which “${backup.name}” is made gets full`,
    lines: [room.reason, "Free some space, or name a folder on a larger disk by `scratch`."],
  });
};

/** Runs whose archives may still lie on the disk. */
const runsLookedAt = 100;

/** Removes archives that lie outside scratch, where only their producer's rules put them, but the newest `keepLocal`. Only what our records name. */
export const tidyLocal = async (backup: Backup, parts: BackupParts): Promise<void> => {
  const known = new Map<string, { readonly path: string; readonly bytes: number; readonly ino: number }>();
  const archives = [];
  for (const run of await doneRuns(parts.pool, backup.name, runsLookedAt)) {
    const local = run.source?.local;
    if (local === undefined || local === null || run.key === null || run.finishedAt === null) continue;
    const archive = await archiveByKey(parts.pool, run.place ?? placeInWords(backup.place), run.key);
    known.set(local.path, known.get(local.path) ?? local);
    archives.push({ path: local.path, madeAt: run.finishedAt, verified: archive?.verifiedAt != null });
  }
  for (const path of planLocal(archives, backup.keepLocal)) {
    const recorded = known.get(path);
    if (recorded !== undefined && (await removeRecorded(recorded))) {
      parts.log.info("backup.local-removed", { backup: backup.name, path });
    }
  }
};

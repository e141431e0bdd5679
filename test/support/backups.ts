import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { producer } from "#backup/produce/produce.ts";
import type { BackupParts } from "#backup/step.ts";
import { folderArchives } from "#bucket/folder-archives.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Backup } from "#model/backup.ts";
import { Fault } from "#model/fault.ts";
import { passAll } from "#runtime/point.ts";
import { readSchedule } from "#schedule/cron.ts";
import { planSlots } from "#schedule/plan.ts";
import type { Pool } from "#store/pool.ts";
import { type RunningClock, runningClock } from "./clock.ts";
import { freshDatabase } from "./database.ts";
import { type KeptAlerts, keptAlerts } from "./kept-alerts.ts";
import { type KeptLog, keptLog } from "./kept-log.ts";

/** A schedule that doesn't come due by itself while tests run. */
const never = "0 5 29 2 *";

/** A schedule as the configuration has it, read. */
export const scheduleAt = (at: string): Pick<Backup, "schedule" | "read"> => {
  const expression = readSchedule(at);
  if ("mistake" in expression) throw new Error(expression.mistake);
  const rest = { holidays: "send", start: null, end: null, catchUpWithinMs: 86_400_000 } as const;
  return { schedule: { at, zone: "Europe/Berlin", calendar: null, ...rest }, read: { expression, ...rest } };
};

/** A backup whose command writes what `make` in its folder says. */
export const backupIn = (dir: string, differs: Partial<Backup> = {}): Backup => ({
  name: "bi",
  ...scheduleAt(never),
  zone: "Europe/Berlin",
  host: null,
  producer: { kind: "command", run: { shell: `cat '${dir}/source'` }, file: null, begins: null },
  root: "bi",
  extension: "bak",
  scratch: join(dir, "scratch"),
  place: { kind: "folder", dir: join(dir, "bucket") },
  retention: { dailyDays: 14, weeklyDays: 180, weekday: 7, monthlyDays: null, monthDay: 1 },
  keepLocal: 1,
  produceTimeoutMs: 60_000,
  verify: "read-back",
  drill: null,
  rereadBytesPerDay: 0,
  encryptTo: [],
  ping: null,
  ...differs,
});

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
  const parts: BackupParts = {
    ...{ pool, clock, log, alerts, passPoint: passAll, identity: null, madeBy: "daybreak test" },
    produce: producer({
      environment: { PATH: process.env["PATH"] ?? "" },
      ownDatabase: () => {
        throw new Fault("usage", "No test asks for it.", { hint: "" });
      },
      ownRows: () => {
        throw new Fault("usage", "No test asks for it.", { hint: "" });
      },
    }),
    bucketOf: () => bucket,
    planSlots: async ({ read, zone, knownSince, lastSeen, now }) =>
      planSlots({ schedule: read, zone, holidays: new Map(), knownSince, lastSeen, now }),
    ping: async () => {},
    check: async () => {},
    ...differs.parts,
  };
  const owned = stack.move();
  return { dir, pool, clock, log, alerts, parts, backup, bucket, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

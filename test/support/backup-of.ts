/** A backup of a file and the parts that make it, also for processes that know nothing of the test runner. */
import { join } from "node:path";
import { producer } from "#backup/produce/produce.ts";
import type { BackupAlerts, BackupParts } from "#backup/step.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Backup } from "#model/backup.ts";
import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { passAll } from "#runtime/point.ts";
import { readSchedule } from "#schedule/cron.ts";
import { planSlots } from "#schedule/plan.ts";
import type { Pool } from "#store/pool.ts";

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

const nobodyAsks = (): never => {
  throw new Fault("usage", "No test asks for it.", { hint: "" });
};

/** The parts of backups over a database and a bucket. */
export const partsOver = (own: {
  readonly pool: Pool;
  readonly bucket: ArchiveBucket;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: BackupAlerts;
}): BackupParts => ({
  ...{ pool: own.pool, clock: own.clock, log: own.log, alerts: own.alerts },
  ...{ passPoint: passAll, identity: null, madeBy: "daybreak test" },
  produce: producer({
    environment: { PATH: process.env["PATH"] ?? "" },
    ownDatabase: nobodyAsks,
    ownRows: nobodyAsks,
  }),
  bucketOf: () => own.bucket,
  planSlots: async ({ read, zone, knownSince, lastSeen, now }) =>
    planSlots({ schedule: read, zone, holidays: new Map(), knownSince, lastSeen, now }),
  check: async () => {},
  ping: async () => {},
});

/**
 * A process that makes backups and nothing else, for stories in which many are killed: `node backup-child.ts <database> <folder> <point> <JSON>`.
 * What it finds open it brings to its end; in a run that comes due later it halts at the point. It says so in lines of JSON.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openBucket } from "#app/buckets.ts";
import { takeAndFinish } from "#backup/loops.ts";
import { usualBounds } from "#backup/plan/parts.ts";
import type { BackupPlace } from "#model/backup.ts";
import { systemClock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { haltAt, type PassPoint, passAll } from "#runtime/point.ts";
import { openRun } from "#store/backup-runs.ts";
import { openPool } from "#store/pool.ts";
import { backupIn, partsOver } from "./backup-of.ts";

/** What such a process is told beside. */
export interface ChildWords {
  readonly place?: BackupPlace;
  readonly days: number;
  readonly partBytes: number;
}

const [url = "", dir = "", point = "", text = "{}"] = process.argv.slice(2);
const { place = { kind: "folder", dir: join(dir, "bucket") }, days, partBytes } = JSON.parse(text) as ChildWords;

const tell = (event: string, fields: object = {}): void =>
  void process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
const log: Log = { info: tell, warn: tell, error: tell, with: () => log };

const pool = openPool(url, { max: 4, statementTimeoutMs: 30_000, applicationName: "backup-child" });
const backup = backupIn(dir, {
  place,
  retention: { dailyDays: days, weeklyDays: 0, weekday: null, monthlyDays: 0, monthDay: 1 },
});
const halting: PassPoint = point === "" ? passAll : haltAt(point, (name) => tell("halted", { name }));
let inherited = (await openRun(pool, backup.name))?.id ?? null;
const passPoint: PassPoint = (name) => (inherited === null ? halting(name) : Promise.resolve());
const alerts = { raise: async () => true, recover: async () => false };
const bucket = openBucket(place);
// Parts as small as the archives of tests.
const partBounds = { ...usualBounds, smallestBytes: partBytes };
const parts = { ...partsOver({ pool, bucket, clock: systemClock, log, alerts }), passPoint, partBounds };
const settings = { owner: `child:${process.pid}`, leaseMs: 300 };
const signal = new AbortController().signal;

tell("started");
for (;;) {
  const run = await takeAndFinish(backup, { parts, settings, signal }).catch((error: unknown) => {
    tell("fault", { message: String(error) });
    return null;
  });
  if (run !== null && run.finishedAt !== null) inherited = null;
  if (run === null) await pause(20);
}

/**
 * A process that makes backups and nothing else, for stories in which many are killed: `node backup-child.ts <database> <folder> [point]`.
 * What it finds open it brings to its end; in a run that comes due later it halts at the point. It says so in lines of JSON.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { takeAndFinish } from "#backup/loops.ts";
import { usualBounds } from "#backup/plan/parts.ts";
import { folderArchives } from "#bucket/folder-archives.ts";
import { systemClock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { haltAt, type PassPoint, passAll } from "#runtime/point.ts";
import { openRun } from "#store/backup-runs.ts";
import { openPool } from "#store/pool.ts";
import { backupIn, partsOver } from "./backup-of.ts";

const [url = "", dir = "", point = ""] = process.argv.slice(2);

const tell = (event: string, fields: object = {}): void =>
  void process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
const log: Log = { info: tell, warn: tell, error: tell, with: () => log };

const pool = openPool(url, { max: 4, statementTimeoutMs: 30_000, applicationName: "backup-child" });
const backup = backupIn(dir, {
  retention: { dailyDays: 14, weeklyDays: 0, weekday: null, monthlyDays: 0, monthDay: 1 },
});
const halting: PassPoint = point === "" ? passAll : haltAt(point, (name) => tell("halted", { name }));
let inherited = (await openRun(pool, backup.name))?.id ?? null;
const passPoint: PassPoint = (name) => (inherited === null ? halting(name) : Promise.resolve());
const alerts = { raise: async () => true, recover: async () => false };
const bucket = folderArchives({ dir: join(dir, "bucket") });
// Parts as small as the archives of tests.
const partBounds = { ...usualBounds, smallestBytes: 64 * 1024 };
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

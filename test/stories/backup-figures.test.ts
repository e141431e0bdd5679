import { open, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { verifyArchives } from "#actions/backup-proof.ts";
import { takeAndFinish } from "#backup/loops.ts";
import { manifestKey, seriesOf } from "#backup/plan/keys.ts";
import type { BackupParts } from "#backup/step.ts";
import { watchOwed } from "#backup/watch.ts";
import { Temporal } from "#model/time.ts";
import { archivesOf } from "#store/archives.ts";
import { approvePolicy } from "#store/backup-policies.ts";
import { putRun, recentRuns } from "#store/backup-runs.ts";
import type { Pool } from "#store/pool.ts";
import { putOne } from "../backup/series.ts";
import { backupIn, scheduleAt } from "../support/backup-of.ts";
import { type BackupWorld, openBackups } from "../support/backups.ts";
import { testClock } from "../support/clock.ts";
import { keptAlerts } from "../support/kept-alerts.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
vi.setConfig({ testTimeout: isLong ? 3_600_000 : 120_000 });

const signal = new AbortController().signal;
const firstDay = Temporal.PlainDate.from("2026-01-01");
const dateOf = (day: number): string => firstDay.add({ days: day }).toString();

/** Damages an archive in its folder, as a disk, a person or a thief would. */
const damages: readonly ((path: string) => Promise<void>)[] = [
  async (path) => {
    await using file = await open(path, "r+");
    const { size } = await file.stat();
    const at = Math.floor(Math.random() * size);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8(0) ^ (1 << Math.floor(Math.random() * 8)));
    await file.write(byte, 0, 1, at);
  },
  async (path) => truncate(path, 5),
  async (path) => rm(path),
  async (path) => rm(manifestKey(path)),
];

test("each archive that was changed, cut off, taken away or robbed of its manifest is found, and no other", async () => {
  await using world = await openBackups();
  const { backup, pool, bucket, parts, dir } = world;
  const keys: string[] = [];
  for (let day = 0; day < 200; day += 1) keys.push(await putOne(backup, dateOf(day), { db: pool, bucket }));
  const look = async (): Promise<readonly string[]> =>
    (await verifyArchives(backup, { kind: "all" }, { ask: { signal }, parts }))
      .filter(({ outcome }) => outcome !== "equal")
      .map(({ key }) => key)
      .sort();
  const falseAlarms = (await look()).length;
  const damaged = keys.filter((_, n) => n % 10 === 7).sort();
  for (const [n, key] of damaged.entries()) await damages[n % damages.length]?.(join(dir, "bucket", key));
  const found = await look();
  const missed = damaged.filter((key) => !found.includes(key)).length;
  const wronged = found.filter((key) => !damaged.includes(key)).length;
  console.log(
    `damaged archives: found / N: ${damaged.length - missed} / ${damaged.length}; false alarms ${falseAlarms + wronged} of ${2 * keys.length - damaged.length}`,
  );
  expect({ falseAlarms, missed, wronged, damaged: damaged.length }).toEqual({
    ...{ falseAlarms: 0, missed: 0, wronged: 0, damaged: 20 },
  });
});

/** Ends the connection that holds a backup's lock, as a network or a failover does. */
const cutLock = async (pool: Pool): Promise<void> => {
  const held = `from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()
    and database = (select oid from pg_database where datname = current_database())`;
  await pool.query(`select pg_terminate_backend(pid) ${held}`);
  // The server ends it in its own time; only then it is lost.
  await vi.waitFor(async () => expect((await pool.query(`select pid ${held}`)).rows).toEqual([]), 10_000);
};

const dueFor = async ({ pool, backup }: BackupWorld, date: string): Promise<void> => {
  const due = Temporal.Instant.from(`${date}T01:00:00Z`);
  await putRun(pool, { backup: backup.name, nominal: due, due, date, zone: "UTC", askedBy: "test", skipped: null });
};

const take = ({ backup }: BackupWorld, parts: BackupParts, owner: string) =>
  takeAndFinish(backup, { parts, settings: { owner, leaseMs: 2_000 }, signal });

test("of two that want one run at once one makes it; whoever loses its lock neither finishes an upload nor removes anything", async () => {
  await using world = await openBackups({
    backup: { retention: { dailyDays: 3, weeklyDays: 0, weekday: null, monthlyDays: 0, monthDay: 1 } },
  });
  const { backup, pool, bucket, parts, dir } = world;
  const objects = async (): Promise<readonly string[]> =>
    (await bucket.list("")).filter((key) => !key.endsWith(".manifest.json"));
  const found = { twice: 0, byTheLoser: 0, rounds: 0 };
  const rounds = isLong ? 20 : 6;
  await approvePolicy(pool, seriesOf(backup), {
    retention: backup.retention,
    approvedAt: world.clock.now(),
    approvedBy: null,
  });
  for (let round = 0; round < rounds; round += 1) {
    await writeFile(join(dir, "source"), `archive ${round}`);
    await dueFor(world, dateOf(round));
    let made = 0;
    // The lock of the round before may still be on its way back.
    while (made === 0) {
      const results = await Promise.all(["a", "b"].map((owner) => take(world, parts, owner)));
      made = results.filter((run) => run?.state === "done").length;
    }
    const objectsOfDate = (await objects()).filter((key) => key.includes(dateOf(round)));
    if (made !== 1 || objectsOfDate.length !== 1) found.twice += 1;
    found.rounds += 1;
  }
  const points = ["upload:before-complete", "prune:planned", "prune:removing"];
  for (const [n, point] of points.entries()) {
    await dueFor(world, dateOf(rounds + n));
    const before = await objects();
    let atCut: readonly string[] = [];
    const passPoint = async (name: string): Promise<void> => {
      if (name !== point || atCut.length > 0) return;
      await cutLock(pool);
      atCut = await objects();
    };
    await take(world, { ...parts, passPoint }, "loser").catch(() => null);
    const after = await objects();
    expect(atCut.length, point).toBeGreaterThan(0);
    // What was there when the lock was lost is there still, and nothing has appeared since.
    if (after.join() !== atCut.join()) found.byTheLoser += 1;
    expect(before.length, point).toBeGreaterThanOrEqual(3);
    await vi.waitFor(async () => {
      await take(world, parts, "winner");
      const [run] = await recentRuns(pool, backup.name, 1);
      expect(run, point).toMatchObject({ date: dateOf(rounds + n), state: "done" });
    }, 20_000);
    found.rounds += 1;
  }
  console.log(
    `two at one backup: made twice / done by who had lost its lock / N: ${found.twice} / ${found.byTheLoser} / ${found.rounds}`,
  );
  expect(found).toEqual({ twice: 0, byTheLoser: 0, rounds: rounds + points.length });
  expect(await bucket.uploads("")).toEqual([]);
});

test("whenever the one that makes the backups dies, another one tells it by its time, and never before", async () => {
  await using world = await openBackups();
  const { pool, bucket } = world;
  const found = { told: 0, early: 0, deaths: 0 };
  for (let n = 0; n < 20; n += 1) {
    const backup = backupIn(world.dir, { name: `bi-${n}`, ...scheduleAt("daily 02:00"), zone: "UTC", root: `bi-${n}` });
    const clock = testClock("2026-03-01T00:00:00Z");
    const alerts = keptAlerts();
    const parts = { ...world.parts, clock, alerts };
    const nights = 1 + (n % 5);
    const late = `backup:${backup.name}:late`;
    const watch = () => watchOwed({ backup, parts, signal });
    await watch();
    for (let night = 0; night < nights; night += 1) {
      const date = `2026-03-0${night + 1}`;
      clock.set(`${date}T02:30:00Z`);
      await putOne(backup, date, { db: pool, bucket, put: { at: clock.now() } });
      await watch();
      clock.set(`${date}T23:00:00Z`);
      await watch();
    }
    // From here on nobody makes any: the next was due at two, and two hours and a run's length later it is owed.
    const date = `2026-03-0${nights + 1}`;
    clock.set(`${date}T03:59:00Z`);
    await watch();
    if (alerts.raised.some(({ key }) => key === late)) found.early += 1;
    clock.set(`${date}T04:10:00Z`);
    await watch();
    if (alerts.open.has(late)) found.told += 1;
    found.deaths += 1;
    expect((await archivesOf(pool, seriesOf(backup))).length).toBe(nights);
  }
  console.log(
    `a maker of backups that is dead: told in time / too early / N: ${found.told} / ${found.early} / ${found.deaths}`,
  );
  expect(found).toEqual({ told: 20, early: 0, deaths: 20 });
});

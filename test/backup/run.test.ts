import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dateOf } from "#backup/due.ts";
import { takeAndFinish } from "#backup/loops.ts";
import { readManifest } from "#backup/manifest.ts";
import { Fault } from "#model/fault.ts";
import { archivesOf } from "#store/archives.ts";
import { putRun, recentRuns } from "#store/backup-runs.ts";
import { type BackupWorld, openBackups } from "../support/backups.ts";

const settings = { owner: "test", leaseMs: 30_000 };
const signal = new AbortController().signal;

/** Makes a run due; without a date, today's. */
const due = async ({ backup, pool, clock }: BackupWorld, date?: string) => {
  const nominal = clock.now();
  const { name, zone } = backup;
  const slot = { backup: name, nominal, due: nominal, date: date ?? dateOf(nominal, backup), zone };
  await putRun(pool, { ...slot, askedBy: "test", skipped: null });
};

const runOnce = async (world: BackupWorld) => {
  await due(world);
  return takeAndFinish(world.backup, { parts: world.parts, settings, signal });
};

const seriesOfFolder = ({ backup, dir }: BackupWorld) => ({
  backup: backup.name,
  place: `file:${join(dir, "bucket")}`,
});

test("a run makes an archive, uploads it, writes its manifest and proves it", async () => {
  await using world = await openBackups();
  await writeFile(join(world.dir, "source"), "figures of the morning");
  const run = await runOnce(world);
  expect(world.log.troubles()).toEqual([]);
  expect(run?.state).toBe("done");
  const [archive] = await archivesOf(world.pool, seriesOfFolder(world));
  expect(archive).toMatchObject({ state: "verified", bytes: 22 });
  expect(Buffer.from((await world.bucket.get(archive?.key ?? "")) ?? []).toString()).toBe("figures of the morning");
  expect(await readManifest(world.bucket, archive?.key ?? "")).toMatchObject({
    manifest: { verify: { level: "read-back" } },
  });
  expect(await readdir(world.backup.scratch)).toEqual([]);
  expect(await world.bucket.uploads("")).toEqual([]);
});

test("a second archive of one date gets its time of day into its name", async () => {
  await using world = await openBackups();
  await writeFile(join(world.dir, "source"), "first");
  await runOnce(world);
  await writeFile(join(world.dir, "source"), "second");
  await runOnce(world);
  const keys = (await archivesOf(world.pool, seriesOfFolder(world))).map(({ key }) => key).sort();
  expect(keys).toHaveLength(2);
  expect(keys[1]).toMatch(/bi-\d{4}-\d\d-\d\dT\d{6}Z\.bak$/);
  expect((await recentRuns(world.pool, "bi", 5)).map(({ state }) => state)).toEqual(["done", "done"]);
});

/** A bucket that refuses every part in one way. */
const refusing = (world: BackupWorld, retry: "later" | "never") => ({
  ...world.parts,
  bucketOf: () => ({
    ...world.bucket,
    putPart: async () => {
      throw new Fault("bucket.io", "The bucket refuses.", { hint: "mend it", retry });
    },
  }),
});

const take = (world: BackupWorld, parts = world.parts) => takeAndFinish(world.backup, { parts, settings, signal });

test("a failure for good ends the run, gives its upload up and is told once; the next good run says that it is over", async () => {
  await using world = await openBackups();
  await writeFile(join(world.dir, "source"), "figures");
  await due(world);
  expect(await take(world, refusing(world, "never"))).toMatchObject({
    state: "failed",
    reason: expect.stringContaining("refuses"),
  });
  expect([...world.alerts.open]).toEqual(["backup:bi:failed"]);
  expect(await world.bucket.uploads("")).toEqual([]);
  expect(await world.bucket.list("")).toEqual([]);
  await due(world);
  expect(await take(world)).toMatchObject({ state: "done" });
  expect(world.alerts.recovered).toEqual(["backup:bi:failed"]);
});

test("a run that has ended one process after the other isn't taken for ever", async () => {
  await using world = await openBackups();
  await writeFile(join(world.dir, "source"), "figures");
  await due(world);
  await world.pool.query("update backup_runs set n = 25");
  expect(await take(world)).toMatchObject({ state: "failed", reason: expect.stringContaining("ended 25 times") });
});

test("an archive of half the usual size is suspect: it is told, and nothing is removed on its account until somebody accepts it", async () => {
  const retention = { dailyDays: 3, weeklyDays: 0, weekday: null, monthlyDays: 0, monthDay: 1 };
  await using world = await openBackups({ backup: { retention } });
  const made = async (bytes: number, date: string) => {
    await writeFile(join(world.dir, "source"), "x".repeat(bytes));
    await due(world, date);
    return take(world);
  };
  for (const day of [1, 2, 3, 4]) expect(await made(1_000, `2026-01-0${day}`)).toMatchObject({ state: "done" });
  const before = await world.bucket.list("");
  expect(await made(400, "2026-01-05")).toMatchObject({ state: "done" });
  const [newest] = await archivesOf(world.pool, seriesOfFolder(world));
  expect(newest).toMatchObject({ date: "2026-01-05", state: "suspect" });
  expect(world.alerts.open).toContain("backup:bi:suspect");
  const after = await world.bucket.list("");
  expect(before.filter((key) => !after.includes(key))).toEqual([]);
});

import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dateOf } from "#backup/due.ts";
import { takeAndFinish } from "#backup/loops.ts";
import { readManifest } from "#backup/manifest.ts";
import { archivesOf } from "#store/archives.ts";
import { putRun, recentRuns } from "#store/backup-runs.ts";
import { type BackupWorld, openBackups } from "../support/backups.ts";

const settings = { owner: "test", leaseMs: 30_000 };
const signal = new AbortController().signal;

const runOnce = async ({ backup, parts, pool, clock }: BackupWorld) => {
  const nominal = clock.now();
  const { name, zone } = backup;
  await putRun(pool, {
    backup: name,
    nominal,
    due: nominal,
    date: dateOf(nominal, backup),
    zone,
    askedBy: "test",
    skipped: null,
  });
  return takeAndFinish(backup, { parts, settings, signal });
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

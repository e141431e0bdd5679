import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openBucket } from "#app/buckets.ts";
import { seriesOf } from "#backup/plan/keys.ts";
import { folderArchives } from "#bucket/folder-archives.ts";
import { systemClock } from "#runtime/clock.ts";
import { approvePolicy } from "#store/backup-policies.ts";
import { beginDrill, endDrill } from "#store/drills.ts";
import { holdLock } from "#store/hold.ts";
import { usual } from "../backup/archives.ts";
import { backupInto, type Put, putOne } from "../backup/series.ts";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: UTC
backups:
  bi: { command: { run: "make-it", extension: bin }, at: daily 02:00, to: "file:archives" }
`;

let world: World;
let backup: ReturnType<typeof backupInto>;

beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml });
  backup = backupInto(join(world.dir, "archives"), { name: "bi", extension: "bin" });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await rm(join(world.dir, "archives"), { recursive: true, force: true });
  const { pool } = world.database;
  await pool.query("delete from archives");
  await pool.query("delete from drills");
  const now = systemClock.now();
  await approvePolicy(pool, seriesOf(backup), { retention: usual, approvedAt: now, approvedBy: null });
});

const today = () => systemClock.now().toZonedDateTimeISO("UTC").toPlainDate();
const dateBefore = (days: number): string => today().subtract({ days }).toString();
const put = (days: number, one: Put = {}): Promise<string> =>
  putOne(backup, dateBefore(days), {
    db: world.database.pool,
    bucket: folderArchives({ dir: join(world.dir, "archives") }),
    put: one,
  });
const nights = async (count: number): Promise<readonly string[]> => {
  const keys: string[] = [];
  for (let night = 0; night < count; night += 1) keys.push(await put(night));
  return keys;
};
const run = (...words: readonly string[]) => world.run(["backup", ...words]);

test("status tells in one screen what is newest, how long a restore takes, what is kept and what is wrong", async () => {
  await nights(16);
  await put(30, { pin: "before the upgrade" });
  await put(60, { state: "suspect" });
  const { pool } = world.database;
  const now = systemClock.now();
  const drill = await beginDrill(pool, { backup: "bi", archiveId: null, key: "k", nominal: null, now });
  await endDrill(pool, drill, { outcome: "passed", durationMs: 754_000, bytes: 14_200_000_000, words: null, now });
  const { code, out } = await run("status");
  expect(code).toBe(3);
  expect(out.split("\n").length).toBeLessThan(24);
  expect(out).toMatch(/newest +\d{4}\/\d\d\/bi-\d{4}-\d\d-\d\d\.bin, 1 kB, verified/);
  expect(out).toMatch(/restore +13 min for 14 GB, rehearsed .+ ago/);
  expect(out).toMatch(/kept +18 archives, 1 kB: 14 daily/);
  expect(out).toMatch(/! \d{4}\/\d\d\/bi-.+\.bin is suspect: a test says so/);
  const [json] = JSON.parse((await run("status", "bi", "--json")).out);
  expect(json).toMatchObject({ name: "bi", archives: 18, kept: { daily: 14 }, restore: { durationMs: 754_000 } });
});

test("list shows each archive with why it stays; a wrong name is told the right one", async () => {
  await nights(3);
  const { out } = await run("list", "bi");
  expect(out).toMatch(new RegExp(`bi +${dateBefore(0)} +.+\\.bin +1 kB +verified +newest 1, daily 1`));
  expect(await run("list", "bo")).toMatchObject({ code: 1, err: expect.stringContaining("did you mean “bi”?") });
});

test("prune says what would go, refuses what is too much, and removes what it was allowed", async () => {
  await nights(40);
  const dry = await run("prune", "bi", "--dry-run", "--allow-delete", "100");
  expect(dry).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /would go +older than what the retention keeps.+Nothing was removed: this was a dry run/s,
    ),
  });
  const refused = await run("prune", "bi");
  expect(refused).toMatchObject({
    code: 3,
    out: expect.stringMatching(/archives would be removed at once.+\n +→ .*--allow-delete \d+/),
  });
  const done = await run("prune", "bi", "--allow-delete", "100");
  expect(done).toMatchObject({
    code: 0,
    out: expect.stringMatching(/✓ \d+ archives removed, \d+ archives stay of 40\.\n1 kB came free/),
  });
  expect(await run("prune", "bi")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/✓ Nothing has to go; \d+ archives stay/),
  });
  const report = JSON.parse((await run("prune", "bi", "--dry-run", "--json")).out);
  expect(report).toMatchObject({
    refusals: [],
    gone: [],
    archives: expect.arrayContaining([expect.objectContaining({ stays: true })]),
  });
});

test("a shorter retention asks, and --confirm answers", async () => {
  await nights(5);
  // Whatever day it is today, a week or a month begins at no more than three of them.
  for (const days of [16, 17, 18, 19]) await put(days);
  const { pool } = world.database;
  await approvePolicy(pool, seriesOf(backup), {
    retention: { ...usual, dailyDays: 60 },
    approvedAt: systemClock.now(),
    approvedBy: null,
  });
  expect(await run("prune", "bi")).toMatchObject({
    code: 3,
    out: expect.stringMatching(/Until now: daily for 60 days.+→ .+--confirm/s),
  });
  expect(await run("prune", "bi", "--confirm")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/✓ [1-3] archives? removed/),
  });
});

test("nothing is removed while somebody else is at work on the backup, and a dry run may still look", async () => {
  await nights(20);
  await using hold = await holdLock(world.database.pool, "backup:bi");
  expect(hold).not.toBeNull();
  expect(await run("prune", "bi")).toMatchObject({
    code: 1,
    err: expect.stringContaining("Somebody else is at work on the backup “bi”"),
  });
  expect(await run("prune", "bi", "--dry-run")).toMatchObject({ code: 3 });
});

test("a pinned archive stays, also after the catalogue was lost, until it is unpinned", async () => {
  await nights(5);
  const old = await put(37);
  await put(36);
  await put(38);
  const name = old.split("/").at(-1) ?? "";
  expect(await run("pin", name, "--reason", "before the upgrade")).toMatchObject({
    code: 0,
    out: `✓ ${old} stays until it is unpinned.\n`,
  });
  await world.database.pool.query("delete from archives");
  expect(await run("catalog", "rebuild", "bi")).toMatchObject({
    code: 0,
    out: "✓ 8 archives in the bucket with a manifest, 8 of them new to the catalogue.\n",
  });
  expect((await run("list")).out).toMatch(/pinned: before the upgrade \(cli:/);
  expect(await run("unpin", old)).toMatchObject({ code: 0 });
  expect((await run("list")).out).not.toMatch(/pinned/);
  expect(await run("pin", "nothing", "--reason", "x")).toMatchObject({
    code: 1,
    err: expect.stringContaining("There is no archive “nothing”"),
  });
});

test("a suspect archive counts once it is accepted, and only a suspect one can be", async () => {
  await nights(3);
  const key = await put(9, { state: "suspect", manifest: { suspect: "half of the others" } });
  expect(await run("accept", key, "--reason", "a site was deleted")).toMatchObject({
    code: 0,
    out: `✓ ${key} is accepted. It counts once it was read back: daybreak backup verify bi\n`,
  });
  expect(await run("accept", key, "--reason", "again")).toMatchObject({
    code: 2,
    err: expect.stringContaining("isn't suspect: it is made"),
  });
});

test("archives from before Daybreak are adopted", async () => {
  for (const days of [1, 2, 3]) {
    const date = dateBefore(days);
    const file = join(world.dir, "archives", date.slice(0, 4), date.slice(5, 7), `bi-${date}.bin`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "an old one");
    const then = new Date(`${date}T02:00:00Z`);
    await utimes(file, then, then);
  }
  expect(await run("adopt", "bi", "--dry-run")).toMatchObject({
    code: 0,
    out: expect.stringContaining("3 archives, 1 kB to be read"),
  });
  expect(await run("adopt", "bi")).toMatchObject({ code: 0, out: expect.stringMatching(/adopted/) });
  expect(await run("adopt", "bi")).toMatchObject({
    code: 0,
    out: "There is nothing to adopt: every archive has its manifest.\n",
  });
  expect(openBucket(backup.place).name).toBeTruthy();
});

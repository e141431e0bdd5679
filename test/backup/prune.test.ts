import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changeManifest, readManifest } from "#backup/manifest.ts";
import { manifestKey, placeInWords, seriesOf } from "#backup/plan/keys.ts";
import { Temporal } from "#model/time.ts";
import { archiveByKey } from "#store/archives.ts";
import { approvedPolicy } from "#store/backup-policies.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { usual } from "./archives.ts";
import { datesUntil, putOne } from "./series.ts";
import { openYard, railsOf } from "./yard.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** What three other tools keep below the same prefix, under names that are almost ours. */
const foreign = ["", ".x", ".y"].flatMap((end) =>
  [
    ...["2023/04/bi-2023-04-05.tsbak.sha256", "2023/04/BI-2023-04-05.tsbak", "2023/04/bi-2023-04-31.tsbak"],
    ...["2023/04/bi-2023-05-06.tsbak", "2023/bi-2023-04-05.tsbak", "2023/04/locks/bi-2023-04-05.tsbak", "borg/config"],
    ...["2023/04/bi-full-2023-04-05.tsbak", "bi-2023-04-05.tsbak", "2023/04/bi-2023-04-05.tsbak.manifest.json.bak"],
  ].map((key) => `${key}${end}`),
);

test("1,500 archives beside three other tools' files: the bucket ends up as the plan says, and nobody else's file is touched", async () => {
  const yard = await openYard(database);
  const [newest = "", ...older] = datesUntil("2026-11-21", 1_500);
  const one = await yard.put(newest);
  const manifest = Buffer.from((await yard.bucket.get(manifestKey(one))) ?? "").toString();
  const write = async (key: string, text: string): Promise<void> => {
    await mkdir(join(yard.dir, dirname(key)), { recursive: true });
    await writeFile(join(yard.dir, key), text);
  };
  for (const date of older) {
    await write(keyOn(date), `archive of ${newest}`);
    await write(
      manifestKey(keyOn(date)),
      manifest.replaceAll(one, keyOn(date)).replace(`"date": "${newest}"`, `"date": "${date}"`),
    );
  }
  await database.pool.query(
    `insert into archives (backup, place, key, date, made_at, state, verified_at, bytes, sha256)
     select a.backup, a.place, more.key, more.date, more.date + interval '2 hours', a.state, a.verified_at, a.bytes, a.sha256
     from archives a, unnest($2::text[], $3::date[]) more(key, date) where a.backup = $1`,
    [yard.backup.name, older.map(keyOn), older],
  );
  for (const key of foreign) await write(key, "somebody else's");
  const report = await yard.prune();
  const kept = (await yard.rows()).map(({ key }) => key);
  const files = await yard.files();
  const touched = foreign.filter((key) => !files.includes(key) || yard.bucket.removed.includes(key));
  process.stdout.write(
    `prune: ${touched.length} foreign files touched / ${foreign.length}, ${report.gone.length} of 1500 archives removed\n`,
  );
  expect(touched).toEqual([]);
  expect(report).toMatchObject({ refusals: [], foreign: foreign.length, notes: [] });
  expect(report.gone.filter(({ outcome }) => outcome !== "removed")).toEqual([]);
  expect(report.gone.length + kept.length).toBe(1_500);
  expect(kept).toEqual(report.rotation.keep.map(({ key }) => key));
  expect(files).toEqual([...foreign, ...kept, ...kept.map(manifestKey)].sort());
  expect((await yard.prune()).gone).toEqual([]);
});

const keyOn = (date: string): string => `${date.slice(0, 4)}/${date.slice(5, 7)}/bi-${date}.tsbak`;

test("a versioned bucket's report says that nothing came free", async () => {
  const yard = await openYard(database);
  await yard.nights(18);
  yard.faults.versioned = true;
  const report = await yard.prune();
  expect(report).toMatchObject({ freedBytes: 0, markedBytes: report.gone.length * 21 });
});

test("a listing that is cut short removes nothing, and nothing is called missing that is there", async () => {
  const yard = await openYard(database);
  await yard.nights(30);
  yard.faults.listedAtMost = 40;
  const before = await yard.files();
  const report = await yard.prune();
  expect(railsOf(report)).toContain("listing-lacks");
  expect(await yard.files()).toEqual(before);
  expect((await yard.rows()).filter(({ state }) => state !== "verified")).toEqual([]);
});

test("an archive that somebody else removed is missing, stops the rotation, and is what it was when it comes back", async () => {
  const yard = await openYard(database);
  const keys = await yard.nights(30);
  const key = keys[3] ?? "";
  const bytes = (await yard.bucket.get(key)) ?? new Uint8Array();
  await yard.bucket.remove(key);
  expect(railsOf(await yard.prune())).toEqual(["listing-lacks"]);
  expect(await archiveByKey(database.pool, placeInWords(yard.backup.place), key)).toMatchObject({ state: "missing" });
  await yard.bucket.put(key, bytes);
  expect(railsOf(await yard.prune())).toEqual([]);
  expect(await archiveByKey(database.pool, placeInWords(yard.backup.place), key)).toMatchObject({ state: "verified" });
});

test("an archive that is shorter than it was is broken: the week's next one stands for it, and it stays a week to be looked at", async () => {
  const yard = await openYard(database);
  const keys = await yard.nights(30);
  const sunday = keys.find((key) => key.includes("2026-11-01")) ?? "";
  await yard.bucket.put(sunday, Buffer.from("half"));
  const report = await yard.prune();
  expect(await archiveByKey(database.pool, placeInWords(yard.backup.place), sunday)).toMatchObject({
    state: "broken",
    reason: "it has 4 bytes in the bucket and had 21 when it was made",
  });
  expect(report.rotation.keep.some(({ key }) => key.includes("2026-11-02"))).toBe(true);
  yard.clock.move(6 * 86_400_000);
  expect((await yard.prune()).gone).toEqual([]);
  yard.clock.move(2 * 86_400_000);
  expect((await yard.prune()).gone.map(({ key }) => key)).toEqual([sunday]);
});

test("a dry run says what it would do and changes neither objects nor rows", async () => {
  const yard = await openYard(database);
  await yard.nights(25);
  const [files, rows] = [await yard.files(), await yard.rows()];
  const report = await yard.prune({ dryRun: true, allowDelete: null });
  expect(railsOf(report)).toEqual(["too-many"]);
  expect(report.rotation.remove.length).toBeGreaterThan(3);
  expect(await yard.files()).toEqual(files);
  expect(await yard.rows()).toEqual(rows);
});

test("a shorter retention has to be confirmed once", async () => {
  const yard = await openYard(database);
  await yard.nights(16);
  const shorter = { ...yard.backup, retention: { ...usual, dailyDays: 5 } };
  expect(railsOf(await yard.prune({}, { backup: shorter }))).toEqual(["policy-shorter"]);
  expect((await yard.files()).length).toBe(32);
  expect(railsOf(await yard.prune({ confirmedBy: "cli:anna" }, { backup: shorter }))).toEqual([]);
  expect(await approvedPolicy(database.pool, seriesOf(yard.backup))).toMatchObject({
    retention: { dailyDays: 5 },
    approvedBy: "cli:anna",
  });
  await yard.put("2026-11-22");
  expect(await yard.prune({}, { backup: shorter })).toMatchObject({ refusals: [], gone: { length: 1 } });
});

test("a pin that only the manifest knows is kept: the catalogue was restored from before it", async () => {
  const yard = await openYard(database);
  const keys = await yard.nights(18);
  const key = keys[15] ?? "";
  await changeManifest(yard.bucket, key, { pin: "before the upgrade" });
  const report = await yard.prune();
  expect(report.rotation.keep.find((one) => one.key === key)?.reasons).toEqual([
    { rule: "pinned", why: "before the upgrade" },
  ]);
  expect(await readManifest(yard.bucket, key)).toMatchObject({ kind: "manifest" });
});

test.each<[string, (text: string) => string]>([
  ["a newer version", (text) => text.replace('"v": 1', '"v": 2')],
  ["no JSON at all", () => "<html>"],
  ["another archive's bytes", (text) => text.replace(/"sha256": "[0-9a-f]{4}/, '"sha256": "ffff')],
  ["another archive's name", (text) => text.replace("2026-11-06", "2026-11-05")],
])("a manifest of %s stops the rotation", async (_, change) => {
  const yard = await openYard(database);
  const keys = await yard.nights(18);
  const key = manifestKey(keys[15] ?? "");
  const text = Buffer.from((await yard.bucket.get(key)) ?? "").toString();
  await yard.bucket.put(key, Buffer.from(change(text)));
  expect(railsOf(await yard.prune())).toEqual(["unknown-manifest"]);
  expect((await yard.files()).length).toBe(36);
});

test("archives that the catalogue doesn't know, and those of another name, are left alone and told", async () => {
  const yard = await openYard(database);
  await yard.nights(5);
  await putOne(yard.backup, "2024-02-05", { db: null, bucket: yard.bucket });
  const other = { ...yard.backup, root: "old" };
  await putOne(other, "2024-02-06", { db: database.pool, bucket: yard.bucket });
  const report = await yard.prune();
  expect(report).toMatchObject({ refusals: [], gone: [], foreign: 2 });
  expect(report.notes).toEqual([
    "1 archives have another name than the backup's now and are left alone.",
    `1 archives in the bucket aren't in the catalogue: daybreak backup catalog rebuild ${yard.backup.name}`,
  ]);
});

test("a bucket whose clock is six minutes apart removes nothing", async () => {
  const yard = await openYard(database);
  await yard.nights(18);
  yard.faults.now = Temporal.Instant.from("2026-11-21T04:06:00Z");
  expect(railsOf(await yard.prune())).toEqual(["clock-apart"]);
});

import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adopt } from "#backup/adopt.ts";
import { rebuildCatalog } from "#backup/catalog.ts";
import { changeManifest, readManifest } from "#backup/manifest.ts";
import { manifestKey, seriesOf } from "#backup/plan/keys.ts";
import { Temporal } from "#model/time.ts";
import { archivesOf, judgeArchive } from "#store/archives.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { datesUntil, putOne } from "./series.ts";
import { openYard, railsOf, type Yard } from "./yard.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const partsOf = ({ bucket, clock }: Yard) => ({ pool: database.pool, bucket, clock, madeBy: "daybreak 1" });
const rebuilt = (yard: Yard, dryRun = false) => rebuildCatalog(yard.backup, { dryRun, by: "cli:anna" }, partsOf(yard));
const adopted = (yard: Yard, dryRun = false) => adopt(yard.backup, { dryRun }, partsOf(yard));
const byDate = async (yard: Yard): Promise<Readonly<Record<string, unknown>>> =>
  Object.fromEntries((await yard.rows()).map((row) => [row.date, row]));

/** A file that was there before Daybreak, a month ago. */
const leave = async (yard: Yard, date: string, bytes: string | Uint8Array = `archive of ${date}`): Promise<string> => {
  const key = `${date.slice(0, 4)}/${date.slice(5, 7)}/bi-${date}.${yard.backup.extension}`;
  await yard.bucket.put(key, Buffer.from(bytes));
  const then = new Date(`${date}T02:00:00Z`);
  await utimes(join(yard.dir, key), then, then);
  return key;
};

test("a catalogue that was lost is told again by the manifests: what is verified, suspect and pinned", async () => {
  const yard = await openYard(database);
  await yard.put("2026-11-21");
  await yard.put("2026-11-20", { state: "suspect", manifest: { suspect: "half of the others" } });
  await yard.put("2026-11-19", { state: "made" });
  await yard.put("2026-07-07", { pin: "before the upgrade" });
  await yard.put("2026-11-18", { state: "suspect", manifest: { suspect: null, accepted: "a smaller site" } });
  const rows = await byDate(yard);
  await database.pool.query("delete from archives where backup = $1", [yard.backup.name]);
  expect(await rebuilt(yard)).toMatchObject({
    found: 5,
    added: { length: 5 },
    struck: [],
    bare: [],
    unreadable: [],
    orphans: [],
  });
  const again = await byDate(yard);
  for (const date of ["2026-11-21", "2026-07-07"]) {
    expect(again[date]).toMatchObject({ state: "verified", pin: (rows[date] as { pin: string | null }).pin });
  }
  expect(again["2026-11-20"]).toMatchObject({ state: "suspect", reason: "half of the others" });
  expect(again["2026-11-19"]).toMatchObject({ state: "made", verifiedAt: null });
  expect(again["2026-11-18"]).toMatchObject({ state: "made", reason: "a smaller site" });
  expect(await yard.prune()).toMatchObject({ refusals: [] });
});

test("an archive that was found broken stays broken, whatever its manifest was told before", async () => {
  const yard = await openYard(database);
  await yard.nights(3);
  const [, second] = await yard.rows();
  await judgeArchive(database.pool, second?.id ?? "", { state: "broken", reason: "its SHA-256 is another" });
  await rebuilt(yard);
  expect((await yard.rows())[1]).toMatchObject({ state: "broken", reason: "its SHA-256 is another" });
});

test("what the bucket hasn't any more is struck out by a word, and the rotation goes on; a short listing strikes out nothing", async () => {
  const yard = await openYard(database);
  const keys = await yard.nights(20);
  yard.faults.listedAtMost = 10;
  expect((await rebuilt(yard)).struck).toEqual([]);
  delete yard.faults.listedAtMost;
  await yard.bucket.remove(keys[4] ?? "");
  expect(railsOf(await yard.prune())).toEqual(["listing-lacks"]);
  expect(await rebuilt(yard, true)).toMatchObject({ struck: [keys[4]], orphans: [keys[4]] });
  expect(railsOf(await yard.prune())).toEqual(["listing-lacks"]);
  expect((await rebuilt(yard)).struck).toEqual([keys[4]]);
  expect(railsOf(await yard.prune())).toEqual([]);
});

test("archives from before Daybreak are read, get a manifest, and come under the rotation", async () => {
  const yard = await openYard(database, { extension: "bin" });
  for (const date of datesUntil("2026-11-20", 20)) await leave(yard, date);
  const [before, plan] = [await yard.files(), await adopted(yard, true)];
  expect(plan.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 20 }, () => "would"));
  expect(await yard.files()).toEqual(before);
  expect((await adopted(yard)).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 20 }, () => "adopted"));
  expect(await adopted(yard)).toEqual([]);
  const [newest] = await yard.rows();
  expect(newest).toMatchObject({
    state: "verified",
    date: "2026-11-20",
    madeAt: Temporal.Instant.from("2026-11-20T02:00:00Z"),
  });
  expect(await readManifest(yard.bucket, newest?.key ?? "")).toMatchObject({
    kind: "manifest",
    manifest: { adopted: true, runId: null, sha256: newest?.sha256, verify: { level: "read-back" } },
  });
  expect(await yard.prune({ owed: null })).toMatchObject({ refusals: [], gone: { length: 5 } });
});

test("an empty archive, one of half the size, one of another kind and one that was cut off are adopted as suspect", async () => {
  const yard = await openYard(database);
  const zip = Buffer.concat([
    Buffer.from("PK\u0003\u0004"),
    Buffer.alloc(500),
    Buffer.from("PK\u0005\u0006"),
    Buffer.alloc(18),
  ]);
  for (const date of datesUntil("2026-11-18", 5)) await leave(yard, date, zip);
  await leave(yard, "2026-11-19", "");
  await leave(yard, "2026-11-20", zip.subarray(0, 200));
  await leave(yard, "2026-11-21", zip.subarray(0, 480));
  await leave(yard, "2026-11-12", Buffer.concat([Buffer.from("<html>"), zip]));
  const found = (await adopted(yard)).filter(({ outcome }) => outcome !== "adopted");
  expect(found.map(({ date, outcome, words }) => `${date} ${outcome}: ${words}`)).toEqual([
    "2026-11-12 suspect: its first bytes aren't those of a .tsbak",
    "2026-11-19 suspect: it is empty",
    expect.stringMatching(/^2026-11-20 suspect: 200 bytes is only 38 % of the median/),
    "2026-11-21 suspect: it was cut off: its end is missing",
  ]);
  expect((await yard.rows()).filter(({ state }) => state === "suspect").length).toBe(4);
});

test("a file that was written a minute ago waits: its copy may still be under way", async () => {
  const yard = await openYard(database, { extension: "bin" });
  const key = await leave(yard, "2026-11-21");
  yard.clock.set("2026-11-21T02:01:00Z");
  expect(await adopted(yard)).toMatchObject([{ key, outcome: "waits" }]);
  expect(await yard.rows()).toEqual([]);
});

test("a lost manifest is written anew for the bytes that the catalogue knows, and for no others", async () => {
  const yard = await openYard(database, { extension: "bin" });
  const keys = await yard.nights(4);
  const [good = "", bad = ""] = keys;
  await yard.bucket.remove(manifestKey(good));
  await yard.bucket.put(manifestKey(bad), Buffer.from("<html>"));
  await yard.bucket.put(bad, Buffer.from("bytes of something else"));
  yard.clock.set("2036-01-01T00:00:00Z");
  const found = await adopted(yard);
  expect(found.map(({ key, outcome }) => [key, outcome])).toEqual([
    [bad, "differs"],
    [good, "adopted"],
  ]);
  expect((await archivesOf(database.pool, seriesOf(yard.backup))).map(({ state }) => state)).toEqual([
    ...["verified", "broken", "verified", "verified"],
  ]);
  await expect(changeManifest(yard.bucket, bad, { pin: "x" })).rejects.toMatchObject({ code: "backup.refused" });
});

test("a manifest of a newer Daybreak is neither read nor replaced", async () => {
  const yard = await openYard(database, { extension: "bin" });
  const [key = ""] = await yard.nights(1);
  const text = Buffer.from((await yard.bucket.get(manifestKey(key))) ?? "").toString();
  await yard.bucket.put(manifestKey(key), Buffer.from(text.replace('"v": 1', '"v": 7')));
  yard.clock.set("2036-01-01T00:00:00Z");
  expect(await adopted(yard)).toEqual([]);
  expect(await rebuilt(yard)).toMatchObject({ found: 0, unreadable: [{ key, words: "version 7" }] });
});

test("archives of a backup that somebody else made are found by a rebuild, and nobody else's files", async () => {
  const yard = await openYard(database);
  await yard.put("2026-11-21");
  await putOne(yard.backup, "2026-11-20", { db: null, bucket: yard.bucket });
  await putOne({ ...yard.backup, root: "other" }, "2026-11-19", { db: null, bucket: yard.bucket });
  expect(await rebuilt(yard)).toMatchObject({ found: 2, added: { length: 1 }, foreign: 2 });
});

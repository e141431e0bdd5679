import { afterAll, beforeAll, expect, test } from "vitest";
import { manifestKey, placeInWords } from "#backup/plan/keys.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { Temporal } from "#model/time.ts";
import { archiveByKey } from "#store/archives.ts";
import { beginRunUpload, putRun, takeRun } from "#store/backup-runs.ts";
import { holdLock } from "#store/hold.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { archivesIn, openYard, railsOf } from "./yard.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test("keys that the bucket refuses are told one by one, the others go, and the next removal takes up the rest", async () => {
  const yard = await openYard(database);
  const keys = await yard.nights(20);
  const refused = keys[16] ?? "";
  yard.faults.refuses = new Map([[refused, "InternalError: try again"]]);
  const report = await yard.prune();
  expect(report.gone.filter(({ outcome }) => outcome === "failed")).toEqual([
    { key: refused, bytes: 21, outcome: "failed", words: "InternalError: try again" },
  ]);
  expect(report.gone.filter(({ outcome }) => outcome === "removed").length).toBe(report.gone.length - 1);
  expect(await archiveByKey(database.pool, placeInWords(yard.backup.place), refused)).toMatchObject({
    state: "verified",
    removing: null,
  });
  yard.faults.refuses = new Map();
  expect((await yard.prune()).gone.map(({ key }) => key)).toEqual([refused]);
  expect(await yard.files()).not.toContain(refused);
});

test("a manifest that can't be removed is told, and cleared away the next time", async () => {
  const yard = await openYard(database);
  const keys = await yard.nights(16);
  const manifest = manifestKey(keys[14] ?? "");
  yard.faults.refuses = new Map([[manifest, "SlowDown"]]);
  const report = await yard.prune();
  expect(report.gone.map(({ words }) => words)).toContain(`${manifest} is left: SlowDown`);
  yard.faults.refuses = new Map();
  expect(await yard.prune()).toMatchObject({ refusals: [], gone: [] });
  expect((await yard.files()).length).toBe((await yard.rows()).length * 2);
});

test("an archive under Object Lock stays, and is known to be locked from then on", async () => {
  const yard = await openYard(database);
  const keys = await yard.nights(18);
  const key = keys[15] ?? "";
  yard.faults.locked = new Map([[key, Temporal.Instant.from("2026-12-05T00:00:00Z")]]);
  expect((await yard.prune()).gone).toContainEqual(expect.objectContaining({ key, outcome: "locked" }));
  const again = await yard.prune();
  expect(again.gone).toEqual([]);
  expect(again.rotation.keep.find((one) => one.key === key)?.reasons).toEqual([
    { rule: "locked", until: Temporal.Instant.from("2026-12-05T00:00:00Z") },
  ]);
});

const points = ["prune:listed", "prune:planned", "prune:removing", "prune:removed", "prune:manifests"];

test.each(points)(
  "a process that ends at %s loses nothing, and the next one leaves the bucket as if nothing had happened",
  async (point) => {
    const yard = await openYard(database);
    await yard.nights(25);
    const wanted = new Set((await yard.prune({ dryRun: true })).rotation.keep.map(({ key }) => key));
    const passPoint = async (name: string): Promise<void> => {
      if (name === point) throw new Error("killed");
    };
    await expect(yard.prune({}, { passPoint })).rejects.toThrow("killed");
    const there = new Set(archivesIn(await yard.files()));
    expect([...wanted].filter((key) => !there.has(key))).toEqual([]);
    expect(railsOf(await yard.prune({ dryRun: true }))).toEqual([]);
    expect(railsOf(await yard.prune())).toEqual([]);
    const left = await yard.files();
    expect(left).toEqual([...wanted].flatMap((key) => [key, manifestKey(key)]).sort());
    expect(new Set((await yard.rows()).map(({ key }) => key))).toEqual(wanted);
  },
);

test("a connection that breaks in the middle of a removal loses nothing, and the next one goes on", async () => {
  const yard = await openYard(database);
  await yard.nights(25);
  const wanted = (await yard.prune({ dryRun: true })).rotation.keep.length;
  yard.faults.breaksAfter = 2;
  await expect(yard.prune()).rejects.toThrow("ECONNRESET");
  delete yard.faults.breaksAfter;
  expect(railsOf(await yard.prune())).toEqual([]);
  expect((await yard.files()).length).toBe(wanted * 2);
});

test("a lock that is lost with its connection stops the removal before the next key", async () => {
  const yard = await openYard(database);
  await yard.nights(25);
  const { pool } = database;
  await using hold = await holdLock(pool, `backup:${yard.backup.name}`);
  const passPoint = async (name: string): Promise<void> => {
    if (name !== "prune:removing") return;
    await pool.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()",
    );
  };
  const before = await yard.files();
  const report = await yard.prune({ mayDelete: async () => (await hold?.isHeld()) ?? false }, { passPoint });
  expect(railsOf(report)).toEqual(["lock-lost"]);
  expect(await yard.files()).toEqual(before);
  expect(railsOf(await yard.prune())).toEqual([]);
});

test("uploads of ours that were left behind a day ago are ended; a live run's and somebody else's are not", async () => {
  const yard = await openYard(database);
  await yard.nights(5);
  const begin = (key: string) => yard.bucket.begin(key, {});
  const stray = await begin("2026/11/bi-2026-11-19.tsbak");
  const live = await begin("2026/11/bi-2026-11-20T040000Z.tsbak");
  await begin("2026/11/other-2026-11-19.tsbak");
  const { pool } = database;
  const now = yard.clock.now();
  await putRun(pool, {
    backup: yard.backup.name,
    nominal: now,
    due: now,
    date: "2026-11-20",
    zone: "UTC",
    askedBy: null,
    skipped: null,
  });
  const run = await takeRun(pool, { owner: "me", leaseMs: 60_000, now, backups: [yard.backup.name] });
  if (run === null) throw new Error("no run");
  await beginRunUpload(pool, run, {
    place: placeInWords(yard.backup.place),
    key: live.key,
    uploadId: live.id,
    partBytes: 16,
  });
  expect((await yard.prune()).endedUploads).toEqual([]);
  const wall = await oldestUpload(yard.bucket);
  yard.clock.set(wall.add({ hours: 25 }));
  expect((await yard.prune()).endedUploads).toEqual([stray.key]);
  expect((await yard.bucket.uploads("")).map(({ key }) => key).sort()).toEqual([
    live.key,
    "2026/11/other-2026-11-19.tsbak",
  ]);
});

const oldestUpload = async (bucket: ArchiveBucket): Promise<Temporal.Instant> => {
  const [first] = await bucket.uploads("");
  if (first === undefined) throw new Error("no upload");
  return first.beganAt;
};

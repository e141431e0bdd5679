import { mkdir, mkdtemp, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeOwed, tidy } from "#app/tidy.ts";
import { folderBucket } from "#bucket/folder.ts";
import { Temporal } from "#model/time.ts";
import { silentLog } from "#runtime/log.ts";
import type { Pool } from "#store/pool.ts";
import { owedRemovals, stillOwed } from "#store/retention.ts";
import { testClock } from "../support/clock.ts";
import { freshDatabase } from "../support/database.ts";

const place = async () => {
  const database = await freshDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const dir = await mkdtemp(join(tmpdir(), "daybreak-tidy-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return { pool: database.pool, dir, artifacts: folderBucket({ dir }) };
};

const render = async (pool: Pool, path: string): Promise<string> => {
  await pool.query("insert into report_versions values ('v', 'sales', '{}', now()) on conflict do nothing");
  const { rows } = await pool.query(
    `insert into renders (key, version, server, request, state, finished_at) values ($1, 'v', 'main', '{}', 'ready', '2026-01-01') returning id`,
    [path],
  );
  const id = String(rows[0]?.["id"]);
  await pool.query(
    "insert into artifacts (render_id, format, media_type, sha256, bytes, path) values ($1, 'png', 'image/png', 'x', 1, $2)",
    [id, path],
  );
  return id;
};

const owed = async (pool: Pool): Promise<readonly string[]> => (await owedRemovals(pool, 100)).toSorted();

test("whatever takes away or redirects a row that names bytes leaves a note, and a rollback takes it back", async () => {
  const { pool } = await place();
  const [drawnAnew, dropped, marked, kept] = [
    await render(pool, "a"),
    await render(pool, "b"),
    await render(pool, "c"),
    await render(pool, "d"),
  ];
  await pool.query("update artifacts set path = 'a2' where render_id = $1", [drawnAnew]);
  await pool.query("delete from renders where id = $1", [dropped]);
  await pool.query("update artifacts set removed_at = now() where render_id = $1", [marked]);
  await pool.query("update artifacts set sha256 = 'y' where render_id = $1", [kept]);
  expect(await owed(pool)).toEqual(["a", "b", "c"]);
  await pool.query("delete from renders where id = $1", [marked]);
  expect(await owed(pool)).toEqual(["a", "b", "c"]);
  const connection = await pool.connect();
  await connection.query("begin");
  await connection.query("delete from renders where id = $1", [kept]);
  await connection.query("rollback");
  connection.release();
  expect(await owed(pool)).toEqual(["a", "b", "c"]);
});

test("bytes that a row names stay, a file that can't be removed keeps no other from it, and is tried again later", async () => {
  const { pool, dir, artifacts } = await place();
  for (const path of ["gone.png", "named.png"]) await artifacts.put(path, new Uint8Array([1]));
  await mkdir(join(dir, "stuck.png"));
  await render(pool, "named.png");
  await pool.query(
    "insert into removals (path, not_before) values ('stuck.png', '2026-01-01'), ('named.png', now()), ('gone.png', now())",
  );
  const parts = { pool, artifacts };
  const removed = await removeOwed(["stuck.png", "named.png", "gone.png", "never-there.png"], parts);
  expect(removed).toEqual({ files: 1, trouble: expect.stringContaining("stuck.png") });
  expect(await artifacts.list("")).toEqual(["named.png"]);
  expect(await stillOwed(pool, ["stuck.png", "named.png", "gone.png"])).toEqual(["stuck.png"]);
  // It rests first; then it goes.
  expect(await owed(pool)).toEqual([]);
  await rmdir(join(dir, "stuck.png"));
  await artifacts.put("stuck.png", new Uint8Array([1]));
  await pool.query("update removals set not_before = now()");
  expect(await removeOwed(await owed(pool), parts)).toEqual({ files: 1, trouble: null });
  expect(await stillOwed(pool, ["stuck.png"])).toEqual([]);
});

test("what somebody waits for isn't old, however long ago it was drawn, and forever is forever", async () => {
  const { pool, artifacts } = await place();
  const waited = await render(pool, "renders/2026-01-01/waited.png");
  await render(pool, "renders/2026-01-01/old.png");
  for (const name of ["waited", "old", "unnamed"])
    await artifacts.put(`renders/2026-01-01/${name}.png`, new Uint8Array([1]));
  await pool.query("insert into recipients (key) values ('anna')");
  await pool.query(`insert into deliveries (occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats,
      locale, zone, nominal, expires_at, trial, state, reason)
    select 'slot:1', 'sales', 'v', id, '', '{}', '{}', '', '{png}', 'en', 'UTC', '2026-01-01', '2026-01-02', false, 'quarantined', 'held' from recipients`);
  await pool.query(
    "insert into delivery_parts (delivery_id, part, report, view, filters, render_id) select id, 0, 'sales', 'v', '{}', $1 from deliveries",
    [waited],
  );
  const clock = testClock("2026-11-21T07:00:00Z");
  const ever = { artifactsMs: null, messagesMs: null, deliveriesMs: null, auditMs: null };
  const parts = { pool, artifacts, clock, log: silentLog, outbox: null };
  const ask = { now: Temporal.Instant.from("2036-11-21T07:00:00Z"), search: true, signal: AbortSignal.timeout(20_000) };
  expect(await tidy({ ...parts, keep: ever }, ask)).toEqual({ rows: 0, files: 0, trouble: null });
  expect(await tidy({ ...parts, keep: { ...ever, artifactsMs: 86_400_000 } }, ask)).toMatchObject({
    files: 2,
    trouble: null,
  });
  expect(await artifacts.list("renders/")).toEqual(["renders/2026-01-01/waited.png"]);
});

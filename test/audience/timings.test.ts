import { expect, test, vi } from "vitest";
import { type Necessary, rememberTimings } from "#audience/timings.ts";
import { systemClock } from "#runtime/clock.ts";
import type { Db } from "#store/db.ts";
import type { Pool } from "#store/pool.ts";
import { freshDatabase } from "../support/database.ts";
import { reportNamed } from "../support/reports.ts";

const enter = async (db: Db, key: string, at: string | null): Promise<void> => {
  await db.query("insert into recipients (key, email) values ($1, $1)", [key]);
  await db.query(
    "insert into subscriptions (report, recipient_id, at) select 'sales', id, $2 from recipients where key = $1",
    [key, at],
  );
};

/** Counts how often people are read. */
const counted = (pool: Pool) => {
  const reads = { count: 0 };
  const query: Pool["query"] = (text, values) => {
    if (text.startsWith("select * from recipients r")) reads.count += 1;
    return pool.query(text, values);
  };
  return { reads, pool: { ...pool, query } };
};

const known = { report: reportNamed("sales"), version: "1" };
const wordsOf = ({ timings }: Necessary) => timings.map(({ schedule }) => schedule).sort();

test("people are read again only after somebody's rows have changed, by whatever hand", async () => {
  await using database = await freshDatabase();
  const { reads, pool } = counted(database.pool);
  const timings = rememberTimings({ pool, clock: systemClock });
  await enter(pool, "a@example.com", "mondays 06:00");
  expect(wordsOf(await timings(known))).toEqual(["mondays 06:00"]);
  // Other tests' transactions on the same server may have begun before ours: as long as they last it is read again.
  const readsNobody = async (): Promise<void> => {
    const before = reads.count;
    await timings(known);
    expect(reads.count).toBe(before);
  };
  await vi.waitFor(readsNobody, { timeout: 30_000 });
  await pool.query("update subscriptions set at = 'fridays 06:00'");
  expect(wordsOf(await timings(known))).toEqual(["fridays 06:00"]);
  await pool.query("delete from recipients");
  expect(wordsOf(await timings(known))).toEqual([]);
  await vi.waitFor(readsNobody, { timeout: 30_000 });
});

test("whoever was entered by a transaction that ended after later ones isn't missed", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  const timings = rememberTimings({ pool, clock: systemClock });
  const slow = await pool.connect();
  await slow.query("begin");
  await enter(slow, "slow@example.com", "mondays 06:00");
  await enter(pool, "quick@example.com", "fridays 06:00");
  expect(wordsOf(await timings(known))).toEqual(["fridays 06:00"]);
  expect(wordsOf(await timings(known))).toEqual(["fridays 06:00"]);
  await slow.query("commit");
  slow.release();
  expect(wordsOf(await timings(known))).toEqual(["fridays 06:00", "mondays 06:00"]);
});

test("a thousand people are read whole, some at a time", async () => {
  await using database = await freshDatabase();
  const { pool } = database;
  await pool.query(
    "insert into recipients (key, email) select 'p' || n, n || '@example.com' from generate_series(1, 1000) n",
  );
  await pool.query(
    "insert into subscriptions (report, recipient_id, at) select 'sales', id, 'mondays ' || (6 + id % 10) || ':' || lpad((id % 60)::text, 2, '0') from recipients",
  );
  const wanted = await pool.query("select count(distinct at)::int as n from subscriptions");
  const timings = rememberTimings({ pool, clock: systemClock });
  expect((await timings(known)).timings).toHaveLength(Number(wanted.rows[0]?.["n"]));
});

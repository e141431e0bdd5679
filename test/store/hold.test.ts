import { afterAll, beforeAll, expect, test } from "vitest";
import { holdLock } from "#store/hold.ts";
import { openPool } from "#store/pool.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const settings = { max: 3, statementTimeoutMs: 30_000, applicationName: "hold test" };

test("a lock that was given back can be taken at once, however often", async () => {
  await using other = openPool(database.url, settings);
  for (let n = 0; n < 200; n += 1) {
    const hold = await holdLock(n % 2 === 0 ? database.pool : other, "bi");
    expect(hold, `turn ${n}`).not.toBeNull();
    await hold?.release();
  }
});

test("one holds a lock at a time, and who gives it back twice gives back nobody else's", async () => {
  await using other = openPool(database.url, settings);
  const first = await holdLock(database.pool, "bi");
  expect(await holdLock(other, "bi")).toBeNull();
  await first?.release();
  await using second = await holdLock(other, "bi");
  await first?.release();
  expect(await second?.isHeld()).toBe(true);
  expect(await first?.isHeld()).toBe(false);
});

test("a lock whose connection was ended is known to be lost, and is given back without a word", async () => {
  const hold = await holdLock(database.pool, "lost");
  await database.pool.query(
    `select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
      where l.locktype = 'advisory' and l.pid <> pg_backend_pid() and d.datname = current_database()`,
  );
  await expect(hold?.confirm()).rejects.toMatchObject({ code: "run.aborted" });
  await hold?.release();
  await using again = await holdLock(database.pool, "lost");
  expect(await again?.isHeld()).toBe(true);
});

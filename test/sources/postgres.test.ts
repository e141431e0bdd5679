import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Source } from "#sources/port.ts";
import { type PostgresSettings, postgresSource } from "#sources/postgres.ts";
import { emptyDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await emptyDatabase();
  await database.pool.query("create schema daybreak");
  await database.pool.query(`create table public.orders as select n as id, case when n % 2 = 0 then 'North' else 'O''Brien, Coast' end as region,
    date '2026-11-20' as day, n * 1.5 as amount from generate_series(1, 20) n`);
});
afterAll(() => database[Symbol.asyncDispose]());

const open = (changed: Partial<PostgresSettings> = {}): Source => {
  const source = postgresSource({
    name: "warehouse",
    url: database.url,
    statementTimeoutMs: 5_000,
    rowLimit: 100,
    ...changed,
  });
  onTestFinished(() => source.close());
  return source;
};

const ask = (source: Source, sql: string, parameters = {}): ReturnType<Source["query"]> =>
  source.query({ sql, parameters });

test("every value comes back as text or null, with the columns in order", async () => {
  const sql = `select 9007199254740993::bigint as id, 1.50::numeric as price, true as yes, null as none, '2026-11-20 07:00+01'::timestamptz as at,
    date '2026-11-20' as day, 'Ärger' as words`;
  expect(await ask(open(), sql)).toEqual({
    columns: ["id", "price", "yes", "none", "at", "day", "words"],
    rows: [
      {
        id: "9007199254740993",
        price: "1.50",
        yes: "t",
        none: null,
        at: "2026-11-20 06:00:00+00",
        day: "2026-11-20",
        words: "Ärger",
      },
    ],
  });
});

test("names are bound wherever they stand, lists as arrays of the column's own type", async () => {
  const sql = `select region, count(*) as n from orders where region = any(:regions) and id = any(:ids)
    and day = :date and day = :date::date group by region order by 1; -- the end`;
  const parameters = { regions: ["O'Brien, Coast", "North"], ids: ["1", "2", "3"], date: "2026-11-20" };
  const { rows } = await ask(open(), sql, parameters);
  expect(rows).toEqual([
    { region: "North", n: "1" },
    { region: "O'Brien, Coast", n: "2" },
  ]);
});

test.each([
  "insert into orders values (99, 'North', now(), 1)",
  "with gone as (delete from orders returning 1) select * from gone",
  "select setval('public.counter', 5)",
  "select 1; delete from orders",
  "commit; delete from orders",
  "drop table orders",
])("nothing is written: %s", async (sql) => {
  await database.pool.query("create sequence if not exists public.counter");
  await expect(ask(open(), sql)).rejects.toMatchObject({ code: "source.query", retry: "never" });
  expect((await ask(open(), "select count(*) as n from orders")).rows).toEqual([{ n: "20" }]);
});

test("more rows than the limit are a fault that names the limit; exactly the limit is none", async () => {
  const source = open({ rowLimit: 20 });
  expect((await ask(source, "select * from orders")).rows).toHaveLength(20);
  const tooMany = ask(source, "select * from orders union all select * from orders");
  await expect(tooMany).rejects.toMatchObject({
    code: "source.query",
    message: expect.stringContaining("20 rows"),
    hint: expect.stringContaining("rowLimit"),
  });
});

test("a slow query is ended, and the source serves on", async () => {
  const source = open({ statementTimeoutMs: 50 });
  await expect(ask(source, "select pg_sleep(10)")).rejects.toMatchObject({
    code: "source.query",
    retry: "later",
    hint: expect.stringContaining("statementTimeoutMs"),
  });
  expect((await ask(source, "select 1 as one")).rows).toEqual([{ one: "1" }]);
});

test("the caller's signal ends a query", async () => {
  const source = open();
  const caller = new AbortController();
  const running = source.query({ sql: "select pg_sleep(10)", parameters: {}, signal: caller.signal });
  const busy = "select count(*) as n from pg_stat_activity where wait_event = 'PgSleep'";
  await expect.poll(async () => (await ask(source, busy)).rows[0]?.n).toBe("1");
  caller.abort();
  await expect(running).rejects.toMatchObject({ code: "run.aborted" });
  await expect(source.query({ sql: "select 1", parameters: {}, signal: caller.signal })).rejects.toMatchObject({
    code: "run.aborted",
  });
});

test("two columns of one name are refused by name", async () => {
  await expect(ask(open(), "select 1 as a, 2 as a")).rejects.toMatchObject({
    code: "source.query",
    message: expect.stringContaining("“a”"),
  });
});

test("a query that is wrong says so with Postgres' words", async () => {
  await expect(ask(open(), "select regoin from orders")).rejects.toMatchObject({
    code: "source.query",
    message: expect.stringContaining("regoin"),
    hint: expect.stringContaining("region"),
  });
});

test("a source that is away is asked again later; a wrong password is not; neither shows the address", async () => {
  const away = new URL(database.url);
  away.port = "1";
  const wrong = new URL(database.url);
  wrong.password = "geheim";
  const faults = [
    await ask(open({ url: away.href }), "select 1").catch((error: unknown) => error),
    await ask(open({ url: wrong.href }), "select 1").catch((error: unknown) => error),
  ];
  expect(faults).toMatchObject([
    { code: "source.unreachable", retry: "later" },
    { code: "source.unreachable", retry: "never" },
  ]);
  expect(JSON.stringify(faults.map((fault) => [String(fault), fault]))).not.toMatch(/geheim|postgres:\/\//);
});

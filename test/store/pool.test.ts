import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Fault } from "#model/fault.ts";
import { Temporal } from "#model/time.ts";
import { openPool, type Pool, type PoolSettings, transaction, withAdvisoryLock } from "#store/pool.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await database.pool.query("create table kept (id int primary key, words text)");
});
afterAll(() => database[Symbol.asyncDispose]());

const settings: PoolSettings = { max: 3, statementTimeoutMs: 30_000, applicationName: "pool test" };

const another = (url: string, changed: Partial<PoolSettings> = {}): Pool => {
  const pool = openPool(url, { ...settings, ...changed });
  onTestFinished(() => pool[Symbol.asyncDispose]());
  return pool;
};

const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error = await work.catch((caught: unknown) => caught);
  if (error instanceof Fault) return error;
  throw new Error(`no fault but ${String(error)}`);
};

test("instants come back as instants to the microsecond, dates and large numbers as text", async () => {
  const sql = `select $1::timestamptz as at, array[$1::timestamptz, null] as ats, '2026-03-29'::date as day, 9007199254740993 as id,
    array[1::bigint] as ids, 1.10::numeric as price, '{"a": 1}'::jsonb as json, null::timestamptz as none`;
  const { rows } = await database.pool.query(sql, [Temporal.Instant.from("2026-11-20T06:00:00.123456Z")]);
  const row = JSON.parse(JSON.stringify(rows[0]));
  expect(rows[0]?.at).toBeInstanceOf(Temporal.Instant);
  expect(row).toEqual({
    at: "2026-11-20T06:00:00.123456Z",
    ats: ["2026-11-20T06:00:00.123456Z", null],
    day: "2026-03-29",
    id: "9007199254740993",
    ids: ["1"],
    price: "1.10",
    json: { a: 1 },
    none: null,
  });
});

test("every connection works in the schema daybreak and in UTC, also when the address brings options", async () => {
  const url = new URL(database.url);
  url.searchParams.set("options", "-c timezone=Asia/Tokyo -c work_mem=5MB");
  const { rows } = await another(url.href).query(
    "select current_schema as schema, current_setting('timezone') as zone, current_setting('work_mem') as mem",
  );
  expect(rows[0]).toEqual({ schema: "daybreak", zone: "UTC", mem: "5MB" });
});

test("a transaction is stored as a whole or not at all, and carries its actor", async () => {
  const { pool } = database;
  const own = new Error("no");
  const failing = transaction(pool, async (db) => {
    await db.query("insert into kept values (1, 'lost')");
    throw own;
  });
  await expect(failing).rejects.toBe(own);
  const actor = await transaction(
    pool,
    async (db) => {
      await db.query("insert into kept values (2, 'kept')");
      return (await db.query("select current_setting('daybreak.actor', true) as actor")).rows[0]?.actor;
    },
    "ada@example.com",
  );
  expect(actor).toBe("ada@example.com");
  expect((await pool.query("select id from kept")).rows).toEqual([{ id: 2 }]);
  expect(
    (await pool.query("select current_setting('daybreak.actor', true) as actor")).rows[0]?.actor || null,
  ).toBeNull();
});

test("Postgres' own refusals pass as they are, with their code", async () => {
  await database.pool.query("insert into kept values (7, 'once')");
  await expect(database.pool.query("insert into kept values (7, 'twice')")).rejects.toMatchObject({ code: "23505" });
});

test("a statement over its limit is a time-out, and the connection serves on", async () => {
  const pool = another(database.url, { max: 1, statementTimeoutMs: 50 });
  expect((await faultOf(pool.query("select pg_sleep(10)"))).code).toBe("run.timeout");
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("a database that isn't there is a fault to be retried; a wrong password is not", async () => {
  const nowhere = new URL(database.url);
  nowhere.port = "1";
  expect(await faultOf(another(nowhere.href).query("select 1"))).toMatchObject({
    code: "store.unreachable",
    retry: "later",
  });
  const wrong = new URL(database.url);
  wrong.password = "wrong";
  const fault = await faultOf(another(wrong.href).query("select 1"));
  expect(fault).toMatchObject({ code: "store.unreachable", retry: "never" });
  expect(fault.hint).toContain("DATABASE_URL");
});

test("connections that are cut, at work and idle, end no process and are replaced", async () => {
  const pool = another(database.url);
  await Promise.all([1, 2, 3].map(() => pool.query("select 1")));
  const working = faultOf(pool.query("select pg_sleep(30)"));
  const busy =
    "select count(*)::int as n from pg_stat_activity where application_name = 'pool test' and wait_event = 'PgSleep'";
  await expect.poll(async () => (await database.pool.query(busy)).rows[0]?.n).toBe(1);
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pool test'",
  );
  expect(await working).toMatchObject({ code: "store.unreachable", retry: "later" });
  await expect
    .poll(() =>
      pool.query("select 1 as one").then(
        ({ rows }) => rows[0]?.one,
        () => 0,
      ),
    )
    .toBe(1);
});

test("a connection that is lost while its holder does something else fails at the next statement", async () => {
  const pool = another(database.url);
  const work = transaction(pool, async (db) => {
    const pid = (await db.query("select pg_backend_pid() as pid")).rows[0]?.pid;
    await database.pool.query("select pg_terminate_backend($1)", [pid]);
    const alive = "select count(*)::int as n from pg_stat_activity where pid = $1";
    await expect.poll(async () => (await database.pool.query(alive, [pid])).rows[0]?.n).toBe(0);
    await db.query("insert into kept values (3, 'never')");
  });
  expect(await faultOf(work)).toMatchObject({ code: "store.unreachable", retry: "later" });
});

/** Passes bytes on until the client says `commit`; then it takes them and cuts the line. */
const cutAtCommit = async (target: URL): Promise<string> => {
  const sockets: Socket[] = [];
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.on("data", (bytes) => {
      if (bytes.includes("commit")) client.destroy();
      else upstream.write(bytes);
    });
    upstream.on("data", (bytes) => client.write(bytes));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const url = new URL(target);
  if (typeof address === "object" && address !== null) url.port = String(address.port);
  return url.href;
};

test("a connection that is lost during the commit leaves it unknown whether it was stored", async () => {
  const pool = another(await cutAtCommit(new URL(database.url)));
  const work = transaction(pool, (db) => db.query("insert into kept values (4, 'who knows')"));
  expect(await faultOf(work)).toMatchObject({ code: "store.unreachable", retry: "unknown" });
});

test("a named lock is held by one at a time, and falls when the work fails", async () => {
  const { pool } = database;
  let inside = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    expect(inside).toBe(1);
    await pool.query("select 1");
    inside -= 1;
  };
  await expect(withAdvisoryLock(pool, "test", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await Promise.all([1, 2, 3, 4].map(() => withAdvisoryLock(pool, "test", work)));
});

test("a table that was changed while connections hold statements about it costs one try, not the morning", async () => {
  const pool = another(database.url, { max: 1 });
  await pool.query("create table growing (id int)");
  const ask = () => pool.query("select * from growing where id < $1", [5]);
  await ask();
  await database.pool.query("alter table growing add column words text");
  expect(await faultOf(ask())).toMatchObject({ code: "store.unreachable", retry: "later" });
  await database.pool.query("insert into growing values (1, 'new')");
  expect((await ask()).rows).toEqual([{ id: 1, words: "new" }]);
});

test("a connection has Postgres parse a statement with parameters once", async () => {
  const pool = another(database.url, { max: 1 });
  const sql = "select $1::int + 40 as sum";
  for (const n of [1, 2, 3]) expect((await pool.query(sql, [n])).rows).toEqual([{ sum: n + 40 }]);
  const { rows } = await pool.query("select count(*)::int as held from pg_prepared_statements where statement = $1", [
    sql,
  ]);
  expect(rows).toEqual([{ held: 1 }]);
});

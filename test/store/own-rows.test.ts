import { afterAll, beforeAll, expect, test } from "vitest";
import { ownRows } from "#store/own-rows.ts";
import type { Pool } from "#store/pool.ts";
import { emptyDatabase, freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;

const odd = 'o\'dd \\ "words"\n-- \u00e9 \ud83d\ude00\t$1 $$';

beforeAll(async () => {
  database = await freshDatabase();
  const { pool } = database;
  await pool.query("create table parent (id bigint generated always as identity primary key, up bigint, note text)");
  await pool.query("alter table parent add constraint up_there foreign key (up) references parent");
  await pool.query(
    "create table every_kind (a jsonb, b text[], c timestamptz, d date, e boolean, f double precision, g int)",
  );
  await pool.query("alter table every_kind add column h int generated always as (g * 2) stored");
  await pool.query("insert into parent (note) select 'row ' || n from generate_series(1, 1200) n");
  await pool.query("update parent set up = 1201 - id");
  await pool.query("insert into every_kind values ($1, $2, '2026-11-21 07:00+01', '2026-11-21', false, 0.1, 7)", [
    JSON.stringify({ odd }),
    [odd, null, ""],
  ]);
  await pool.query("insert into every_kind values (null, '{}', null, null, true, 'Infinity', null)");
});

afterAll(() => database[Symbol.asyncDispose]());

const textOf = async (pool: Pool, signal?: AbortSignal): Promise<string> => {
  const pieces: string[] = [];
  for await (const piece of ownRows(pool, signal)) pieces.push(piece);
  return pieces.join("");
};

/** Each table's rows in words, and what the schema is made of. */
const contentsOf = async (pool: Pool): Promise<Readonly<Record<string, unknown>>> => {
  const { rows } = await pool.query(
    "select relname from pg_class where relnamespace = 'daybreak'::regnamespace and relkind = 'r' order by 1",
  );
  const contents: Record<string, unknown> = {};
  for (const name of rows.map((row) => String(row.relname))) {
    const found = await pool.query(`select md5(string_agg(t::text, '|' order by t::text)), count(*) from "${name}" t`);
    contents[name] = found.rows[0];
  }
  const parts = await pool.query(
    `select conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) as word from pg_constraint
      where connamespace = 'daybreak'::regnamespace
      union all select tgrelid::regclass::text || ' ' || tgname || ' ' || tgenabled::text from pg_trigger where not tgisinternal
      union all select sequencename || ' ' || coalesce(last_value, 0) from pg_sequences where schemaname = 'daybreak' order by 1`,
  );
  return { ...contents, parts: parts.rows.map((row) => row.word) };
};

test("the own database's rows as SQL make the same database again, with its sequences, links and triggers", async () => {
  await using empty = await emptyDatabase();
  // The two odd tables are the test's own: the schema comes from the migrations alone.
  const text = await textOf(database.pool);
  const made =
    "create table parent (id bigint generated always as identity primary key, up bigint, note text);" +
    "alter table parent add constraint up_there foreign key (up) references parent;" +
    "create table every_kind (a jsonb, b text[], c timestamptz, d date, e boolean, f double precision, g int," +
    " h int generated always as (g * 2) stored);";
  await empty.pool.query(text.replace("alter table", `${made}\nalter table`));
  expect(await contentsOf(empty.pool)).toEqual(await contentsOf(database.pool));
  const next = await empty.pool.query("insert into parent (note) values ('next') returning id");
  expect(next.rows[0]?.id).toBe("1201");
});

test("a database that holds something already is left as it is", async () => {
  await using other = await freshDatabase();
  await expect(other.pool.query(await textOf(database.pool))).rejects.toThrow(/schema "daybreak" already exists/);
});

test("the rows are of one moment, whatever is written meanwhile", async () => {
  await using other = await freshDatabase();
  await other.pool.query("create table later (id int)");
  let text = "";
  for await (const piece of ownRows(other.pool)) {
    if (text === "") await other.pool.query("insert into later values (424242)");
    text += piece;
  }
  expect(text).not.toContain("424242");
  expect(text).toMatch(/commit;\n-- This is the end of the dump\.\n$/);
});

test("an end in the middle gives the connection back", async () => {
  const stopping = new AbortController();
  const reading = async (): Promise<void> => {
    for await (const piece of ownRows(database.pool, stopping.signal)) if (piece !== "") stopping.abort();
  };
  await expect(reading()).rejects.toThrow();
  await expect(database.pool.query("select 1")).resolves.toBeDefined();
});

import { readdir, readFile } from "node:fs/promises";
import { many, number, type Row, text, textOrNull } from "#store/db.ts";
import type { Connection, Pool } from "#store/pool.ts";

const shipped = new URL("./migrations/", import.meta.url);

export const statements = {
  tables: `select c.relname as name,
      (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      (select string_agg(format('quote_nullable(%I::text)', a.attname), ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as quoted,
      exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.atttypid = 'bytea'::regtype) as is_heavy
    from pg_class c where c.relnamespace = 'daybreak'::regnamespace and c.relkind = 'r' order by c.relname`,
  links: `select c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as words
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = 'daybreak'::regnamespace and k.contype = 'f' order by c.relname, k.conname`,
  sequences: `select sequencename as name, last_value as last from pg_sequences
    where schemaname = 'daybreak' and last_value is not null order by sequencename`,
  version: "select max(version) as version from daybreak.daybreak_migrations",
} as const;

interface Table {
  readonly name: string;
  readonly columns: string;
  readonly quoted: string;
  /** It may hold whole emails: then few rows at a time. */
  readonly isHeavy: boolean;
}

const tableOf = (row: Row): Table => ({
  name: text(row, "name"),
  columns: text(row, "columns"),
  quoted: text(row, "quoted"),
  isHeavy: row.is_heavy === true,
});

interface Link {
  readonly table: string;
  readonly name: string;
  readonly words: string;
}

const linkOf = (row: Row): Link => ({ table: text(row, "table"), name: text(row, "name"), words: text(row, "words") });

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The schema as the migrations make it: they are its only source, and what a program of the same version would make. */
const schemaSql = async (version: number): Promise<string> => {
  const files = (await readdir(shipped)).filter(
    (name) => name.endsWith(".sql") && Number.parseInt(name, 10) <= version,
  );
  const texts = await Promise.all(files.sort().map((name) => readFile(new URL(name, shipped), "utf8")));
  return texts.join("\n");
};

const head = (
  version: number,
): string => `-- Daybreak's own database, schema ${version}. Restore it into an empty database:
--   psql --set ON_ERROR_STOP=1 --file THIS DATABASE
begin;
set local standard_conforming_strings = on;
set local time zone 'UTC';
set local check_function_bodies = off;
create schema daybreak;
set local search_path = daybreak, public;
create table daybreak_migrations (
  version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());
`;

async function* rowsOf(connection: Connection, table: Table): AsyncGenerator<string> {
  const target = `insert into ${quoted(table.name)} (${table.columns}) overriding system value values\n`;
  const select = `select '(' || concat_ws(', ', ${table.quoted}) || ')' as line from daybreak.${quoted(table.name)}`;
  await connection.query(`declare dumped no scroll cursor for ${select}`);
  const fetch = `fetch ${table.isHeavy ? 4 : 500} from dumped`;
  for (;;) {
    const { rows } = await connection.query(fetch);
    if (rows.length === 0) break;
    yield `${target}${rows.map((row) => text(row, "line")).join(",\n")};\n`;
  }
  await connection.query("close dumped");
}

async function* statementsOf(connection: Connection): AsyncGenerator<string> {
  const version = number((await connection.query(statements.version)).rows[0] ?? {}, "version");
  const tables = await many(connection, { text: statements.tables, values: [], map: tableOf });
  const links = await many(connection, { text: statements.links, values: [], map: linkOf });
  yield head(version) + (await schemaSql(version));
  // Rows come table by table, so whatever judges or follows other rows rests until all are there.
  yield links.map(({ table, name }) => `alter table ${quoted(table)} drop constraint ${quoted(name)};\n`).join("");
  yield tables.map(({ name }) => `alter table ${quoted(name)} disable trigger user;\n`).join("");
  yield `truncate ${tables.map(({ name }) => quoted(name)).join(", ")};\n`;
  for (const table of tables) yield* rowsOf(connection, table);
  const { rows } = await connection.query(statements.sequences);
  yield rows.map((row) => `select setval('${quoted(text(row, "name"))}', ${textOrNull(row, "last")});\n`).join("");
  yield tables.map(({ name }) => `alter table ${quoted(name)} enable trigger user;\n`).join("");
  yield links
    .map(({ table, name, words }) => `alter table ${quoted(table)} add constraint ${quoted(name)} ${words};\n`)
    .join("");
  yield "commit;\n-- This is the end of the dump.\n";
}

/**
 * All rows of Daybreak's schema as SQL that any client of Postgres runs, of one moment and in one transaction: the Postgres that Daybreak
 * brings along has no `pg_dump`. Waking jobs of the queue are left out, since rows say what is owed.
 */
export async function* ownRows(pool: Pool, signal?: AbortSignal): AsyncGenerator<string> {
  const connection = await pool.connect();
  let isDone = false;
  try {
    await connection.query("begin isolation level repeatable read read only");
    for await (const piece of statementsOf(connection)) {
      signal?.throwIfAborted();
      yield piece;
    }
    await connection.query("commit");
    isDone = true;
  } finally {
    // A transaction that was left in the middle ends with its connection.
    connection.release(!isDone);
  }
}

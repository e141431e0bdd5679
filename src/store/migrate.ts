import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { Fault, isFault } from "#model/fault.ts";
import { type Db, many, number, text } from "#store/db.ts";
import { longestWaitMs, type Pool, type Session, transaction } from "#store/pool.ts";

const shipped = new URL("./migrations/", import.meta.url);

/** Postgres' oldest major version that the schema works with. */
const oldestPostgres = 14;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

type Applied = Pick<Migration, "version" | "name" | "checksum">;

/** What migrating did: the versions that were applied now, and the version that the schema has. */
export interface Migrated {
  readonly applied: readonly number[];
  readonly version: number;
}

/**
 * Brings the schema `daybreak` up to this program, one transaction per file `NNNN-name.sql`, under a lock, so that any number of
 * processes may start at once. A schema that this program doesn't know is refused untouched.
 */
export const migrate = async (pool: Pool, folder: URL = shipped): Promise<Migrated> => {
  const known = await readMigrations(folder);
  await transaction(pool, prepare);
  const applied: number[] = [];
  for (const migration of known) {
    if (await transaction(pool, (db) => apply(db, migration, known))) applied.push(migration.version);
  }
  return { applied, version: known.at(-1)?.version ?? 0 };
};

/** How the database's schema stands to this program. `foreign`: newer, or not what this program ships; `fault` says which. */
export type SchemaState =
  | { readonly is: "absent" }
  | { readonly is: "older" | "current"; readonly version: number; readonly newest: number }
  | { readonly is: "foreign"; readonly fault: Fault };

/** Compares the database's schema with this program's, without changing it. */
export const schemaOf = async (db: Db, folder: URL = shipped): Promise<SchemaState> => {
  const known = await readMigrations(folder);
  const { rows } = await db.query("select to_regclass('daybreak.daybreak_migrations') is not null as there");
  if (rows[0]?.["there"] !== true) return { is: "absent" };
  try {
    const applied = await readApplied(db, known);
    const versions = { version: applied.at(-1)?.version ?? 0, newest: known.at(-1)?.version ?? 0 };
    return { is: applied.length === known.length ? "current" : "older", ...versions };
  } catch (error) {
    if (isFault(error, "store.newer-schema")) return { is: "foreign", fault: error };
    throw error;
  }
};

const prepare = async (db: Session): Promise<void> => {
  const { rows } = await db.query(
    "select current_setting('server_version_num')::int / 10000 as major, current_setting('server_version') as words",
  );
  if (Number(rows[0]?.major) < oldestPostgres) {
    const hint = `point the setting \`database\` at Postgres ${oldestPostgres} or newer, or leave it out to use the embedded one`;
    throw new Fault("store.unreachable", `The database is Postgres ${String(rows[0]?.words)}, which is too old.`, {
      hint,
    });
  }
  await lock(db);
  // Asked before made: `create schema if not exists` wants the right to create one even where it exists.
  const schema = await db.query("select 1 from pg_namespace where nspname = 'daybreak'");
  if (schema.rowCount === 0) await db.query("create schema daybreak");
  await db.query(`create table if not exists daybreak.daybreak_migrations (
    version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
};

/** The lock falls with the transaction. Waiting for another process' long migration is no fault, so it has no time-out. */
const lock = async (db: Session): Promise<void> => {
  await db.query("set local statement_timeout = 0");
  await db.query("select pg_advisory_xact_lock(hashtextextended('daybreak:migrate', 0))", [], longestWaitMs);
};

const apply = async (db: Session, migration: Migration, known: readonly Migration[]): Promise<boolean> => {
  await lock(db);
  const applied = await readApplied(db, known);
  if (applied.some(({ version }) => version === migration.version)) return false;
  await db.query(migration.sql, undefined, longestWaitMs);
  const values = [migration.version, migration.name, migration.checksum];
  await db.query("insert into daybreak.daybreak_migrations (version, name, checksum) values ($1, $2, $3)", values);
  return true;
};

const readApplied = async (db: Db, known: readonly Migration[]): Promise<readonly Applied[]> => {
  const applied = await many(db, {
    text: "select version, name, checksum from daybreak.daybreak_migrations order by version",
    values: [],
    map: (row): Applied => ({
      version: number(row, "version"),
      name: text(row, "name"),
      checksum: text(row, "checksum"),
    }),
  });
  for (const row of applied) refuseForeign(row, known);
  return applied;
};

const refuseForeign = (applied: Applied, known: readonly Migration[]): void => {
  const own = known.find(({ version }) => version === applied.version);
  if (own?.checksum === applied.checksum) return;
  const newest = known.at(-1)?.version ?? 0;
  if (applied.version > newest) {
    const what = `The database has schema ${applied.version} (${applied.name}); this Daybreak knows up to ${newest}.`;
    throw new Fault("store.newer-schema", what, {
      hint: "start the newer Daybreak that made it, or restore a copy from before",
    });
  }
  const what = `The database's schema ${applied.version} (${applied.name}) is not the one that this Daybreak ships.`;
  throw new Fault("store.newer-schema", what, {
    hint: "start the Daybreak that made it; migrations that were applied are never edited",
  });
};

const readMigrations = async (folder: URL): Promise<readonly Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(names.map((name) => readMigration(folder, name)));
};

const readMigration = async (folder: URL, file: string): Promise<Migration> => {
  // Line ends depend on how the program was checked out, the checksum must not.
  const sql = (await readFile(new URL(file, folder), "utf8")).replaceAll("\r\n", "\n");
  const [number = "", ...words] = file.replace(/\.sql$/, "").split("-");
  return {
    version: Number(number),
    name: words.join("-"),
    sql,
    checksum: createHash("sha256").update(sql).digest("hex"),
  };
};

/** Looks at a database without changing it, for `doctor`. */
import type { Temporal } from "#model/time.ts";
import { type Db, instant, one, text } from "#store/db.ts";
import { type SchemaState, schemaOf } from "#store/migrate.ts";

/** What was found out about a database. */
export interface DatabaseState {
  /** `18.4` */
  readonly version: string;
  readonly now: Temporal.Instant;
  readonly schema: SchemaState;
}

/** Every statement that looks; a test prepares each. */
export const statements = {
  look: `select current_setting('server_version') as version, clock_timestamp() as now`,
};

/** Asks the database for its version and time, and compares its schema with this program's. Throws `store.unreachable`. */
export const examineDatabase = async (db: Db): Promise<DatabaseState | null> => {
  const found = await one(db, {
    text: statements.look,
    values: [],
    map: (row) => ({ version: text(row, "version"), now: instant(row, "now") }),
  });
  return found === null ? null : { ...found, schema: await schemaOf(db) };
};

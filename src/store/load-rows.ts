import { Fault } from "#model/fault.ts";
import { longestWaitMs, type Pool, type Session } from "#store/pool.ts";

/** Every statement of bringing a dump back; a test prepares each. */
export const statements = {
  schema: "select 1 as there from pg_namespace where nspname = 'daybreak'",
};

/** Tables with what somebody would miss; a schema in which they are empty was only just made. */
const missed = ["recipients", "deliveries", "slots", "backup_runs", "archives"] as const;

/** Where in a text a statement may end: outside of quotes, names, comments and bodies of functions. */
const pieces = /'[^']*'|"[^"]*"|--[^\n]*\n|\$(\w*)\$[\s\S]*?\$\1\$|;|[^'"$;-]+|[$-]/gy;

const opens = /^(?:'|"|--|\$\w*\$)/;

/** Takes whole statements off the front of a text; the rest is the begin of one. */
export const splitStatements = (text: string): { readonly whole: readonly string[]; readonly rest: string } => {
  const whole: string[] = [];
  let start = 0;
  let end = 0;
  pieces.lastIndex = 0;
  for (let piece = pieces.exec(text); piece !== null; piece = pieces.exec(text)) {
    // What opens here and isn't closed yet was cut into single letters: its end comes with more text.
    if (piece[0].length === 1 && opens.test(text.slice(piece.index, piece.index + 64))) break;
    end = pieces.lastIndex;
    if (piece[0] !== ";") continue;
    whole.push(text.slice(start, end));
    start = end;
  }
  return { whole, rest: text.slice(start) };
};

/** A database with anything in it is never written over. */
const makeRoom = async (db: Session): Promise<void> => {
  if ((await db.query(statements.schema)).rows.length === 0) return;
  for (const table of missed) {
    const { rows } = await db.query("select to_regclass($1) is not null as there", [`daybreak.${table}`]);
    if (rows[0]?.["there"] !== true) continue;
    const some = await db.query(`select 1 from daybreak.${table} limit 1`);
    if (some.rows.length === 0) continue;
    const hint = "name an empty database; of the one that comes along, move the folder <home>/postgres away first";
    throw new Fault("usage", `The database isn't empty: it has ${table}.`, { hint });
  }
  await db.query("drop schema daybreak cascade");
};

const cutOff = (): Fault =>
  new Fault("backup.restore", "The file ends before the dump does; nothing was written.", {
    hint: "bring the archive back once more: daybreak backup restore NAME --latest --to FILE",
  });

/**
 * Runs a dump of Daybreak's own rows in an empty database, all of it or nothing: the dump itself is one transaction, whose end a file that
 * was cut off doesn't have. How many statements it was.
 */
export const loadRows = async (pool: Pool, text: AsyncIterable<string>): Promise<number> => {
  const connection = await pool.connect();
  let isDone = false;
  try {
    const run = (sql: string) => connection.query(sql, undefined, longestWaitMs);
    await run("set statement_timeout = 0");
    await makeRoom(connection);
    let rest = "";
    let count = 0;
    for await (const more of text) {
      const { whole, rest: left } = splitStatements(rest + more);
      rest = left;
      for (const statement of whole) await run(statement);
      count += whole.length;
      isDone = whole.some((statement) => statement.trim().toLowerCase() === "commit;") || isDone;
    }
    if (!isDone) throw cutOff();
    return count;
  } finally {
    // Its settings are those of the dump; and a transaction that was left in the middle ends with it.
    connection.release(true);
  }
};

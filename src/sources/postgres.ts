import pg from "pg";
import { Fault, isFault } from "#model/fault.ts";
import { postgresTrouble, postgresWords } from "#runtime/postgres.ts";
import { bind } from "#sources/binding.ts";
import type { Rows, Source } from "#sources/port.ts";

/** One database that may be asked. */
export interface PostgresSettings {
  readonly name: string;
  /** Address with user and password; it is in no message and no log. */
  readonly url: string;
  readonly statementTimeoutMs: number;
  readonly rowLimit: number;
}

type Ask = Parameters<Source["query"]>[0];

/**
 * A Postgres (or one that speaks like it) as a source. Each query runs as a cursor in a read-only transaction of its own, so that it
 * can neither write nor send more rows than the limit. Sessions are in UTC with ISO dates; every value comes back as its text.
 */
export const postgresSource = (settings: PostgresSettings): Source => {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: 4,
    connectionTimeoutMillis: 10_000,
    // Our own bound, for a network that swallows the server's.
    query_timeout: settings.statementTimeoutMs + 5_000,
    application_name: "daybreak source",
    keepAlive: true,
    types: { getTypeParser: () => (text: string) => text },
  });
  pool.on("error", () => {});
  // Its end may come together with its beginning: an error event to which nobody listens ends the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    name: settings.name,
    query: async (ask) => {
      try {
        return await queryIn(await pool.connect(), ask, settings);
      } catch (error) {
        throw isFault(error) ? error : faultOf(error, settings);
      }
    },
    close: () => pool.end(),
  };
};

const queryIn = async (client: pg.PoolClient, ask: Ask, settings: PostgresSettings): Promise<Rows> => {
  let held = true;
  const giveBack = (broken: boolean): void => {
    if (held) client.release(broken);
    held = false;
  };
  // Closing the connection ends the query where it still runs, and the transaction.
  const abort = (): void => giveBack(true);
  let failed = true;
  try {
    if (ask.signal?.aborted) throw aborted(settings, ask.signal);
    ask.signal?.addEventListener("abort", abort, { once: true });
    const rows = await readRows(client, ask, settings);
    failed = false;
    return rows;
  } catch (error) {
    throw ask.signal?.aborted ? aborted(settings, ask.signal) : error;
  } finally {
    ask.signal?.removeEventListener("abort", abort);
    giveBack(failed);
  }
};

const readRows = async (client: pg.PoolClient, ask: Ask, settings: PostgresSettings): Promise<Rows> => {
  const { statementTimeoutMs, rowLimit } = settings;
  const bound = bind(ask.sql, ask.parameters);
  await client.query("begin transaction read only");
  const preset = {
    statement_timeout: String(statementTimeoutMs),
    timezone: "UTC",
    datestyle: "ISO",
    cursor_tuple_fraction: "1",
  };
  for (const entry of Object.entries(preset)) await client.query("select set_config($1, $2, true)", entry);
  const query = bound.text.trim().replace(/;+$/, "");
  // The extended protocol takes one statement only: nothing can be put behind a semicolon. The line break ends a last comment.
  await client.query({ text: `declare asked no scroll cursor for ${query}\n`, values: bound.values, ...extended });
  const result = await client.query({ text: `fetch ${rowLimit + 1} from asked`, rowMode: "array" });
  await client.query("rollback");
  const rows = result.rows as (string | null)[][];
  if (rows.length > rowLimit) throw tooManyRows(settings);
  const columns = columnsOf(result.fields, settings);
  return {
    columns,
    rows: rows.map((row) => Object.fromEntries(columns.map((column, place) => [column, row[place] ?? null]))),
  };
};

/** The driver's declared types lack this setting; without it a statement without values goes by the simple protocol. */
const extended = { queryMode: "extended" } as object;

const columnsOf = (fields: readonly { readonly name: string }[], { name }: PostgresSettings): readonly string[] => {
  const columns = fields.map((field) => field.name);
  const twice = columns.find((column, place) => columns.indexOf(column) !== place);
  if (twice === undefined) return columns;
  const hint = `give one of them another name: … as other_${twice}`;
  throw new Fault("source.query", `A query of source “${name}” has two columns called “${twice}”.`, { hint });
};

const tooManyRows = ({ name, rowLimit }: PostgresSettings): Fault => {
  const hint = `ask for less, or raise sources.${name}.rowLimit (now ${rowLimit})`;
  return new Fault("source.query", `A query of source “${name}” gave more than ${rowLimit} rows.`, { hint });
};

const aborted = ({ name }: PostgresSettings, signal: AbortSignal): Fault => {
  if (isFault(signal.reason)) return signal.reason;
  const hint = "it is asked again after the start";
  return new Fault("run.aborted", `A query of source “${name}” was ended before it was done.`, {
    hint,
    retry: "later",
    cause: signal.reason,
  });
};

const faultOf = (cause: unknown, { name, statementTimeoutMs }: PostgresSettings): Fault => {
  const words = postgresWords(cause);
  switch (postgresTrouble(cause)) {
    case "away": {
      const hint = `check that it runs and that sources.${name}.url names it; it is asked again by itself`;
      return new Fault("source.unreachable", `Source “${name}” doesn't answer: ${words}`, {
        hint,
        retry: "later",
        cause,
      });
    }
    case "refused": {
      const hint = `check user, password and database in sources.${name}.url`;
      return new Fault("source.unreachable", `Source “${name}” refuses the sign-in: ${words}`, { hint, cause });
    }
    case "timeout": {
      const hint = `make the query cheaper, or raise sources.${name}.statementTimeoutMs (now ${statementTimeoutMs})`;
      return new Fault("source.query", `A query of source “${name}” took too long: ${words}`, {
        hint,
        retry: "later",
        cause,
      });
    }
    case "full":
      return new Fault("source.query", `The disk of source “${name}” is full: ${words}`, {
        hint: "make room on its disk",
        retry: "later",
        cause,
      });
    case null:
      return new Fault("source.query", `Source “${name}” refused a query: ${words}`, { hint: hintOf(cause), cause });
  }
};

/** Postgres often knows better than we do. */
const hintOf = (cause: unknown): string => {
  const told = typeof cause === "object" && cause !== null && "hint" in cause ? cause.hint : undefined;
  return typeof told === "string" && told !== ""
    ? told
    : "run it by hand with the same values; only a single query that reads is allowed";
};

import pg from "pg";
import { Fault, isFault } from "#model/fault.ts";
import type { Db } from "#store/db.ts";
import { faultOfDatabase } from "#store/unreachable.ts";
import { asParameter, readerOf } from "#store/values.ts";

/** One connection's statements. `limitMs` replaces the pool's bound on our side, for a statement that sets its own `statement_timeout`. */
export interface Session extends Db {
  query(text: string, values?: unknown[], limitMs?: number): ReturnType<Db["query"]>;
}

/** One connection taken from the pool; `release(true)` closes it instead of giving it back. */
export interface Connection extends Session {
  /** Tells of what other sessions notify on a channel, and once when the connection is gone. */
  hear(channel: string, told: { readonly word: (word: string) => void; readonly gone: () => void }): Promise<void>;
  release(broken?: boolean): void;
}

/** Connections to the database. A statement fails with `store.unreachable` when the database is away; other errors are Postgres' own. */
export interface Pool extends Db, AsyncDisposable {
  connect(): Promise<Connection>;
}

/** Bounds of the pool and the name that Postgres shows for its connections. */
export interface PoolSettings {
  readonly max: number;
  readonly statementTimeoutMs: number;
  readonly applicationName: string;
  /** How long a statement may wait for a connection. */
  readonly connectTimeoutMs?: number;
}

/**
 * Opens a pool; nothing is connected yet. Every connection works in the schema `daybreak` and in UTC. `timestamptz` comes back as
 * `Temporal.Instant`; `bigint`, `numeric`, `date` and `interval` as text.
 */
export const openPool = (url: string, settings: PoolSettings): Pool => {
  const pool = new pg.Pool(configOf(url, settings));
  // A connection that breaks while idle is told here; the pool has dropped it already, and the next statement takes another.
  pool.on("error", () => {});
  // And whatever it does otherwise. From the first moment, since the message of its end may come together with that of its beginning:
  // an error event to which nobody listens ends the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  const connect = (): Promise<pg.PoolClient> => guarded(() => pool.connect());
  return {
    query: async (text, values) => {
      const client = await connect();
      return useOnce(client, () => run(client, { text, values }));
    },
    connect: async () => {
      const client = await connect();
      return {
        hear: (channel, told) => hear(client, channel, told),
        query: (text, values, limitMs) => run(client, { text, values, limitMs }),
        release: (broken = false) => client.release(broken),
      };
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
};

const hear = async (client: pg.PoolClient, channel: string, told: Parameters<Connection["hear"]>[1]): Promise<void> => {
  client.on("notification", ({ payload }) => told.word(payload ?? ""));
  client.once("error", told.gone);
  client.once("end", told.gone);
  await run(client, { text: `listen ${pg.escapeIdentifier(channel)}`, values: [] });
};

/** Bound on waiting for a lock, and on a migration: another process may be at work on a large table. */
export const longestWaitMs = 3_600_000;

const useOnce = async <T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> => {
  let broken = false;
  try {
    return await work();
  } catch (error) {
    broken = isFault(error);
    throw error;
  } finally {
    client.release(broken);
  }
};

/**
 * Runs `work` in one transaction and commits it; rolls back when it throws. `actor` is who the audit trigger records. When the
 * connection is lost during the commit itself nobody can say whether it happened: the fault then says `retry: "unknown"`.
 */
export const transaction = async <T>(pool: Pool, work: (db: Session) => Promise<T>, actor?: string): Promise<T> => {
  const connection = await pool.connect();
  let broken = false;
  try {
    await connection.query("begin");
    if (actor !== undefined) await connection.query("select set_config('daybreak.actor', $1, true)", [actor]);
    const result = await work(connection);
    await commit(connection);
    return result;
  } catch (error) {
    broken = isFault(error, "store.unreachable") || !(await rolledBack(connection));
    throw error;
  } finally {
    connection.release(broken);
  }
};

/** Runs `work` inside a transaction; without `keep` what it wrote is taken back, and the transaction goes on. */
export const tentatively = async <T>(
  db: Session,
  work: () => Promise<{ readonly keep: boolean; readonly result: T }>,
): Promise<T> => {
  await db.query("savepoint tentative");
  const { keep, result } = await work();
  await db.query(keep ? "release savepoint tentative" : "rollback to savepoint tentative");
  return result;
};

const commit = async (connection: Connection): Promise<void> => {
  try {
    await connection.query("commit");
  } catch (error) {
    if (!isFault(error, "store.unreachable")) throw error;
    const hint = "look at the database; the rows say whether it was stored";
    throw new Fault("store.unreachable", `The database went away during a commit: ${error.message}`, {
      hint,
      retry: "unknown",
      cause: error,
    });
  }
};

const rolledBack = async (connection: Connection): Promise<boolean> => {
  try {
    await connection.query("rollback");
    return true;
  } catch {
    return false;
  }
};

/** Runs `work` while this process alone holds the named lock; others wait. The lock falls with the connection. */
export const withAdvisoryLock = async <T>(pool: Pool, name: string, work: () => Promise<T>): Promise<T> => {
  const connection = await pool.connect();
  try {
    await connection.query("set statement_timeout = 0");
    await connection.query("select pg_advisory_lock(hashtextextended($1, 0))", [`daybreak:${name}`], longestWaitMs);
    return await work();
  } finally {
    // Closing the connection gives the lock back and forgets the changed time-out, whatever state it is in.
    connection.release(true);
  }
};

interface Statement {
  readonly text: string;
  readonly values: unknown[] | undefined;
  readonly limitMs?: number | undefined;
}

/**
 * Statements with parameters are the constants of this folder's files, run thousands of times a morning: each connection has Postgres parse
 * one only once. The bound is for texts that are put together after all.
 */
const mostNames = 1_000;
const names = new Map<string, string>();
const nameOf = (text: string): string | undefined => {
  if (!names.has(text) && names.size < mostNames) names.set(text, `daybreak ${names.size + 1}`);
  return names.get(text);
};

const run = (client: pg.PoolClient, { text, values, limitMs }: Statement): ReturnType<Db["query"]> => {
  const name = values && nameOf(text);
  const query = {
    text,
    ...(name && { name }),
    ...(values && { values: values.map(asParameter) }),
    ...(limitMs && { query_timeout: limitMs }),
  };
  return guarded(() => client.query(query));
};

const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw faultOfDatabase(error) ?? error;
  }
};

const configOf = (url: string, settings: PoolSettings): pg.PoolConfig => {
  const { statementTimeoutMs, applicationName, connectTimeoutMs = 10_000 } = settings;
  return {
    connectionString: withOptions(url),
    max: settings.max,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    // The client's own bound, for the day on which the network swallows the server's.
    query_timeout: statementTimeoutMs + 5_000,
    idle_in_transaction_session_timeout: 60_000,
    application_name: applicationName,
    keepAlive: true,
    types: { getTypeParser: readerOf },
  };
};

/** The session's settings travel in the address: options of the driver would be overridden by options in it. */
const withOptions = (url: string): string => {
  const address = new URL(url);
  const own = "-c search_path=daybreak -c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601";
  const given = address.searchParams.get("options");
  address.searchParams.set("options", given === null ? own : `${given} ${own}`);
  return address.href;
};

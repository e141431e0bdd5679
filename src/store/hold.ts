import { Fault } from "#model/fault.ts";
import type { Connection, Pool } from "#store/pool.ts";

/** Every statement about held locks; a test prepares each. */
export const statements = {
  take: "select pg_try_advisory_lock(hashtextextended($1, 0)) as held",
  give: "select pg_advisory_unlock(hashtextextended($1, 0)) as held",
  // Asked on the connection that took it: a lock of a session is gone with the session, and nobody is told.
  held: `select exists (select from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid() and objsubid = 1
      and ((classid::bigint << 32) | objid::bigint) = hashtextextended($1, 0)) as held`,
};

/** A lock that this process alone holds, for as long as its connection lives. */
export interface Hold extends AsyncDisposable {
  readonly name: string;
  /** Asks the database; false when the connection was lost, and with it the lock. */
  isHeld(): Promise<boolean>;
  /** Throws `run.aborted` when it is held no more. */
  confirm(): Promise<void>;
  release(): Promise<void>;
}

/** Takes the named lock on a connection of its own; `null`: somebody else holds it. */
export const holdLock = async (pool: Pool, name: string): Promise<Hold | null> => {
  const connection = await pool.connect();
  const key = `daybreak:${name}`;
  try {
    if (!(await asked(connection, statements.take, key))) {
      connection.release();
      return null;
    }
  } catch (error) {
    connection.release(true);
    throw error;
  }
  return holdOver(connection, name, key);
};

const asked = async (connection: Connection, statement: string, key: string): Promise<boolean> =>
  (await connection.query(statement, [key])).rows[0]?.["held"] === true;

/** A database that doesn't answer mustn't hold up whoever leaves. */
const giveLimitMs = 5_000;

const givenBack = async (connection: Connection, key: string): Promise<boolean> => {
  try {
    return (await connection.query(statements.give, [key], giveLimitMs)).rows[0]?.["held"] === true;
  } catch {
    return false;
  }
};

const holdOver = (connection: Connection, name: string, key: string): Hold => {
  let isOver = false;
  const release = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    // Closing the connection gives the lock back, whatever state it is in, but only once the database notices: who asks next would be too early.
    connection.release(!(await givenBack(connection, key)));
  };
  const isHeld = async (): Promise<boolean> => {
    if (isOver) return false;
    try {
      return await asked(connection, statements.held, key);
    } catch {
      return false;
    }
  };
  const confirm = async (): Promise<void> => {
    if (await isHeld()) return;
    throw new Fault("run.aborted", `The lock “${name}” was lost, so somebody else may be at work.`, {
      hint: "it is tried again; look whether the database was restarted or the network cut",
      retry: "later",
    });
  };
  return { name, isHeld, confirm, release, [Symbol.asyncDispose]: release };
};

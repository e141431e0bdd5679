import type { Connection, Pool } from "#store/pool.ts";

/** Every statement about named locks; a test prepares each. */
export const statements = {
  take: "select pg_try_advisory_lock(hashtextextended($1, 0)) as taken",
  // Asked of the server on the connection that took it: a connection that was lost and silently opened anew holds nothing.
  held: `select exists (select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted
    and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)) as held`,
};

/** A named lock that this process holds alone. It falls with its connection, so whoever acts under it asks right before. */
export interface NamedLock extends AsyncDisposable {
  /** False when it is lost; asks the database. */
  isHeld(): Promise<boolean>;
}

/** Takes a named lock on a connection of its own; `null` when somebody else has it. */
export const tryNamedLock = async (pool: Pool, name: string): Promise<NamedLock | null> => {
  const connection = await pool.connect();
  const key = `daybreak:${name}`;
  try {
    const { rows } = await connection.query(statements.take, [key]);
    if (rows[0]?.["taken"] === true) return lockOn(connection, key);
  } catch (error) {
    connection.release(true);
    throw error;
  }
  connection.release();
  return null;
};

const lockOn = (connection: Connection, key: string): NamedLock => {
  let isOpen = true;
  return {
    isHeld: async () => {
      if (!isOpen) return false;
      try {
        const { rows } = await connection.query(statements.held, [key]);
        return rows[0]?.["held"] === true;
      } catch {
        return false;
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (!isOpen) return;
      isOpen = false;
      // Closing the connection gives the lock back, whatever state it is in.
      connection.release(true);
    },
  };
};

import type { Temporal } from "#model/time.ts";
import { as, type Db, instant, many, number, type Row, text } from "#store/db.ts";

/** Every statement about the processes at work; a test prepares each. */
export const statements = {
  beat: `insert into workers (owner, host, pid, roles, servers, mailer) values ($1, $2, $3, $4, $5, $6)
    on conflict (owner) do update set seen_at = now(), roles = excluded.roles, servers = excluded.servers, mailer = excluded.mailer`,
  leave: "delete from workers where owner = $1",
  forget: "delete from workers where seen_at < now() - interval '1 day'",
  alive: "select * from workers where seen_at > now() - $1 * interval '1 ms' order by host, pid",
};

/** A process at work. */
export interface Worker {
  /** Names it in leases. */
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly roles: readonly string[];
  /** Report servers that it knows. */
  readonly servers: readonly string[];
  /** How its live emails leave. */
  readonly mailer: string;
}

/** Tells that a process is at work; those of which nothing was heard for a day are forgotten. */
export const beatWorker = async (db: Db, { owner, host, pid, roles, servers, mailer }: Worker): Promise<void> => {
  await db.query(statements.beat, [owner, host, pid, roles, servers, mailer]);
  await db.query(statements.forget, []);
};

/** A process has ended tidily. */
export const leaveWorker = async (db: Db, owner: string): Promise<void> => {
  await db.query(statements.leave, [owner]);
};

/** The processes that were heard of within so many milliseconds. */
export const aliveWorkers = (
  db: Db,
  withinMs: number,
): Promise<(Worker & { readonly seenAt: Temporal.Instant; readonly startedAt: Temporal.Instant })[]> =>
  many(db, {
    text: statements.alive,
    values: [withinMs],
    map: (row: Row) => ({
      owner: text(row, "owner"),
      host: text(row, "host"),
      pid: number(row, "pid"),
      roles: as<string[]>(row, "roles"),
      servers: as<string[]>(row, "servers"),
      mailer: text(row, "mailer"),
      seenAt: instant(row, "seen_at"),
      startedAt: instant(row, "started_at"),
    }),
  });

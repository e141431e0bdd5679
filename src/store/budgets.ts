import { changed, type Db, number, one } from "#store/db.ts";

/** Every statement about the rates of mailers; a test prepares each. */
export const statements = {
  // The clock is asked within, since a statement may have waited for another one's lock.
  take: `insert into budgets as b (name, next_at) values ($1, clock_timestamp() + $2 * interval '1 ms')
    on conflict (name) do update set next_at = greatest(b.next_at, clock_timestamp()) + $2 * interval '1 ms'
      where b.next_at <= clock_timestamp() + $3 * interval '1 ms'
    returning greatest(0, extract(epoch from next_at - clock_timestamp()) * 1000 - $2) as wait`,
  held: "select extract(epoch from next_at - clock_timestamp()) * 1000 as wait from budgets where name = $1 and next_at > clock_timestamp()",
  hold: `insert into budgets as b (name, next_at) values ($1, clock_timestamp() + $2 * interval '1 ms')
    on conflict (name) do update set next_at = greatest(b.next_at, excluded.next_at)`,
};

/** A rate that all processes keep together. */
export interface Budget {
  readonly name: string;
  readonly perSecond: number;
  /** A turn that is further away isn't taken. */
  readonly mostMs: number;
}

/** Takes the next turn: milliseconds until it comes. `null`: it is further away than `mostMs`, and nothing was taken. By the database's clock. */
export const takeTurn = (db: Db, { name, perSecond, mostMs }: Budget): Promise<number | null> =>
  one(db, { text: statements.take, values: [name, 1_000 / perSecond, mostMs], map: (row) => number(row, "wait") });

/** For how long nobody has a turn: the mailer asked to be left alone, or its turns are taken. 0: it may be used at once. */
export const heldFor = async (db: Db, name: string): Promise<number> =>
  (await one(db, { text: statements.held, values: [name], map: (row) => number(row, "wait") })) ?? 0;

/** Gives nobody a turn for so long: the mailer asked to be left alone. */
export const holdTurns = async (db: Db, name: string, ms: number): Promise<void> => {
  await changed(db, statements.hold, [name, ms]);
};

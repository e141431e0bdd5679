import type { Clock } from "#runtime/clock.ts";
import { type Db, instant, one } from "#store/db.ts";

/** Every statement about the time; a test prepares each. */
export const statements = {
  now: "select clock_timestamp() as now",
};

/** Sets a clock by the database's, which all processes have in common. */
export const agreeOnTime = async (db: Db, { agree }: Clock): Promise<void> => {
  const theirs = agree && (await one(db, { text: statements.now, values: [], map: (row) => instant(row, "now") }));
  if (theirs) agree?.(theirs);
};

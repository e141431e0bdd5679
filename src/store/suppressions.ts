import type { Temporal } from "#model/time.ts";
import { at, changed, type Db } from "#store/db.ts";

/** Every statement about suppressed addresses that mail itself brings about; a test prepares each. */
export const statements = {
  // What an operator wrote about an address stands.
  put: "insert into suppressions (email, reason, since) values (lower($1), $2, $3) on conflict (email) do nothing",
};

/** Stops further emails to an address; false when it was stopped before. */
export const suppress = async (
  db: Db,
  stop: { readonly email: string; readonly reason: string; readonly now: Temporal.Instant },
): Promise<boolean> => (await changed(db, statements.put, [stop.email, stop.reason, at(stop.now)])) > 0;

/** Whether anybody's rows have changed since they were read, without reading them. */
import { as, type Db, one, text } from "#store/db.ts";

/** Every statement about changes; a test prepares each. */
export const statements = {
  // A database that was restored elsewhere has rows of transactions that are still to come there: they tell nothing.
  look: `select pg_snapshot_xmin(pg_current_snapshot())::text as horizon, $1::xid8 is null or exists (
      select 1 from audit a where a.xid >= $1::xid8 and a.xid < pg_snapshot_xmax(pg_current_snapshot())
        and a."table" in ('recipients', 'groups', 'group_members', 'subscriptions')) as changed`,
};

/** What a look at the changes told. */
export interface Look {
  /** Since when the next look must ask: the oldest transaction that was not over. */
  readonly horizon: string;
  /** Whether people, groups or subscriptions may be other than they were at the last horizon; `true` without one. */
  readonly changed: boolean;
}

/** Looks whether people have changed since a horizon. Take it before reading them: what comes in between is told by the next look. */
export const lookForChanges = async (db: Db, since: string | null): Promise<Look> =>
  (await one(db, {
    text: statements.look,
    values: [since],
    map: (row) => ({ horizon: text(row, "horizon"), changed: as<boolean>(row, "changed") }),
  })) ?? { horizon: "0", changed: true };

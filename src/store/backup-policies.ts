import type { Retention } from "#model/backup.ts";
import type { Series } from "#model/backup-run.ts";
import type { Temporal } from "#model/time.ts";
import { as, at, type Db, instant, json, one, textOrNull } from "#store/db.ts";

/** Every statement about approved retention; a test prepares each. */
export const statements = {
  of: "select * from backup_policies where backup = $1 and place = $2",
  approve: `insert into backup_policies (backup, place, retention, approved_at, approved_by) values ($1, $2, $3, $4, $5)
    on conflict (backup, place) do update set retention = excluded.retention, approved_at = excluded.approved_at,
      approved_by = excluded.approved_by`,
};

/** By which retention archives of a series may be removed. */
export interface Approved {
  readonly retention: Retention;
  readonly approvedAt: Temporal.Instant;
  /** `null`: nobody had to be asked. */
  readonly approvedBy: string | null;
}

/** The retention that was last approved for a series; `null`: none was. */
export const approvedPolicy = (db: Db, { backup, place }: Series): Promise<Approved | null> =>
  one(db, {
    text: statements.of,
    values: [backup, place],
    map: (row) => ({
      retention: as<Retention>(row, "retention"),
      approvedAt: instant(row, "approved_at"),
      approvedBy: textOrNull(row, "approved_by"),
    }),
  });

/** Records that archives of a series may be removed by a retention. */
export const approvePolicy = async (db: Db, { backup, place }: Series, approved: Approved): Promise<void> => {
  const { retention, approvedAt, approvedBy } = approved;
  await db.query(statements.approve, [backup, place, json(retention), at(approvedAt), approvedBy]);
};

import type { Temporal } from "#model/time.ts";
import { at, type Db, json, one, text } from "#store/db.ts";

/** Every statement about alerts; a test prepares each. */
export const statements = {
  open: `insert into alerts (key, severity, subject, lines, opened_at) values ($1, $2, $3, $4, $5)
    on conflict (key) where recovered_at is null do nothing returning id`,
  recover: "update alerts set recovered_at = $2 where key = $1 and recovered_at is null returning subject",
};

/** Opens an alert; false when the same trouble is open already, so that it is told once. */
export const openAlert = async (
  db: Db,
  alert: {
    readonly key: string;
    readonly severity: string;
    readonly subject: string;
    readonly lines: readonly string[];
    readonly now: Temporal.Instant;
  },
): Promise<boolean> => {
  const values = [alert.key, alert.severity, alert.subject, json(alert.lines), at(alert.now)];
  return (await one(db, { text: statements.open, values, map: (row) => text(row, "id") })) !== null;
};

/** Closes an alert; its subject, or `null` when none was open. */
export const recoverAlert = (db: Db, key: string, now: Temporal.Instant): Promise<string | null> =>
  one(db, { text: statements.recover, values: [key, at(now)], map: (row) => text(row, "subject") });

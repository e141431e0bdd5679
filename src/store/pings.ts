import type { Temporal } from "#model/time.ts";
import { as, at, type Db, many, number, one, text, textOrNull } from "#store/db.ts";

/** Every statement about mornings that are pinged; a test prepares each. */
export const statements = {
  isUnderWay: `select exists (select 1 from slots s join reports r on r.name = s.report and r.mode = 'live'
    where s.due <= $1 and s.state not in ('closed', 'skipped')) as under_way`,
  // Locked until the ping is known to be taken, so that of two processes one tells it.
  unpinged: `select s.id, s.report, s.state, s.reason,
      (select count(*) from deliveries d where d.slot_id = s.id and d.state = 'sent') as sent,
      (select count(*) from deliveries d where d.slot_id = s.id and d.state in ('failed', 'expired', 'uncertain', 'quarantined')) as lost
    from slots s join reports r on r.name = s.report and r.mode = 'live'
    where s.state in ('closed', 'skipped') and s.pinged_at is null and s.due <= $1 and s.due > $2 order by s.id for update of s skip locked`,
  pinged: "update slots set pinged_at = $2 where id = any($1::bigint[])",
  skipRemoved: `update slots set state = 'skipped', next_probe_at = null, reason = 'the report is no longer in the configuration'
    where state in ('due', 'waiting', 'ready', 'paused') and report in (select name from reports where not present) returning id`,
  dropRemoved: `update deliveries set state = 'skipped', reason = 'the report is no longer in the configuration', finished_at = $1,
      owner = null, deadline = null
    where state in ('planned', 'drawn', 'proven', 'composed') and slot_id in
      (select s.id from slots s join reports r on r.name = s.report and not r.present where s.state = 'planned') returning id`,
};

/** A slot that is over, as a ping tells it. */
export interface EndedSlot {
  readonly id: string;
  readonly report: string;
  readonly state: "closed" | "skipped";
  readonly reason: string | null;
  readonly sent: number;
  readonly lost: number;
}

/** Whether anything that is due to people is still open. */
export const isMorningUnderWay = async (db: Db, now: Temporal.Instant): Promise<boolean> =>
  (await one(db, { text: statements.isUnderWay, values: [at(now)], map: (row) => as<boolean>(row, "under_way") })) ??
  false;

/** The slots since `since` that are over and of which no ping has told, locked until the transaction ends. */
export const unpingedSlots = (
  db: Db,
  { now, since }: { readonly now: Temporal.Instant; readonly since: Temporal.Instant },
): Promise<EndedSlot[]> =>
  many(db, {
    text: statements.unpinged,
    values: [at(now), at(since)],
    map: (row) => ({
      id: text(row, "id"),
      report: text(row, "report"),
      state: as<EndedSlot["state"]>(row, "state"),
      reason: textOrNull(row, "reason"),
      sent: number(row, "sent"),
      lost: number(row, "lost"),
    }),
  });

/** Records that a ping has told of these slots. */
export const markPinged = async (db: Db, ids: readonly string[], now: Temporal.Instant): Promise<void> => {
  await db.query(statements.pinged, [ids, at(now)]);
};

/** Ends what is open of reports that the configuration no longer has: nobody gets it. The ids of slots and deliveries. */
export const endRemoved = async (
  db: Db,
  now: Temporal.Instant,
): Promise<{ readonly slots: readonly string[]; readonly deliveries: readonly string[] }> => {
  const ids = (ask: { text: string; values: unknown[] }) => many(db, { ...ask, map: (row) => text(row, "id") });
  return {
    slots: await ids({ text: statements.skipRemoved, values: [] }),
    deliveries: await ids({ text: statements.dropRemoved, values: [at(now)] }),
  };
};

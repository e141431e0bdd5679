import type { Temporal } from "#model/time.ts";
import { as, changed, type Db, instantOrNull, number, one } from "#store/db.ts";

/** Every statement about first waves; a test prepares each. */
export const statements = {
  begin: "update slots set wave = 'first' where id = $1",
  release: "update slots set wave = 'released' where id = $1 and wave = 'first'",
  letGo: "update deliveries set waits_for_wave = false where slot_id = $1 and waits_for_wave",
  note: "update slots set reason = $2 where id = $1",
  ring: "select pg_notify('daybreak', 'post')",
  progress: `select coalesce(jsonb_object_agg(state, n) filter (where state is not null), '{}') as counts,
      (select max(finished_at) from deliveries d where d.slot_id = $1 and not d.waits_for_wave and d.state = 'sent') as last_sent,
      (select count(*) from deliveries d where d.slot_id = $1 and d.state = 'quarantined') as quarantined,
      (select count(*) from mail_events e join deliveries d on d.id = e.delivery_id where d.slot_id = $1
        and e.kind in ('bounced', 'refused', 'dropped', 'complained')) as bounced
    from (select state, count(*) as n from deliveries d where d.slot_id = $1 and not d.waits_for_wave group by state) counts`,
  wave: "select wave from slots where id = $1",
};

/** How a slot's first wave gets on. */
export interface WaveProgress {
  /** Deliveries of the first wave in each state. */
  readonly counts: Readonly<Record<string, number>>;
  readonly lastSent: Temporal.Instant | null;
  /** Deliveries of the whole slot that the proof holds back. */
  readonly quarantined: number;
  readonly bounced: number;
}

/** From now on only the first wave of a slot may go out. */
export const beginWave = async (db: Db, slotId: string): Promise<void> => {
  await db.query(statements.begin, [slotId]);
};

/** Whether a slot's first wave is under way. */
export const isFirstWave = async (db: Db, slotId: string): Promise<boolean> =>
  (await one(db, { text: statements.wave, values: [slotId], map: (row) => as<string | null>(row, "wave") })) ===
  "first";

/** How a slot's first wave gets on. */
export const waveProgress = async (db: Db, slotId: string): Promise<WaveProgress> =>
  (await one(db, {
    text: statements.progress,
    values: [slotId],
    map: (row) => ({
      counts: as<Record<string, number>>(row, "counts"),
      lastSent: instantOrNull(row, "last_sent"),
      quarantined: number(row, "quarantined"),
      bounced: number(row, "bounced"),
    }),
  })) ?? { counts: {}, lastSent: null, quarantined: 0, bounced: 0 };

/** Lets the rest of a slot go out; how many, or `null` when it has no first wave under way. Call it in a transaction. */
export const releaseWave = async (db: Db, slotId: string): Promise<number | null> => {
  if ((await changed(db, statements.release, [slotId])) === 0) return null;
  await db.query(statements.ring);
  return changed(db, statements.letGo, [slotId]);
};

/** Keeps who let a slot's rest go, and why. */
export const noteOnSlot = async (db: Db, slotId: string, reason: string): Promise<void> => {
  await db.query(statements.note, [slotId, reason]);
};

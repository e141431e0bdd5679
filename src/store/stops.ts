import type { Temporal } from "#model/time.ts";
import { at, changed, type Db, json, many, number, one, type Row, text, textOrNull } from "#store/db.ts";

/**
 * What may still be drawn, written or sent, or may become so again by somebody's word. One that is on the wire is finished; but where the mail
 * server refuses it for now it would be sent again, so it is held back from that, too.
 */
const stoppable =
  "('planned', 'drawn', 'proven', 'quarantined', 'composed', 'sending', 'failed', 'uncertain', 'expired')";
/** The deliveries of a slot with its corrections ($1), or of a whole report ($2), whichever of a bundle they are named after. */
const meant = `(d.slot_id = $1 or d.occasion like 'correction:' || $1::bigint || '.%'
  or ($1::bigint is null and (d.version in (select hash from report_versions where report = $2)
    or d.slot_id in (select id from slots where report = $2))))`;

/** Every statement about the kill switch; a test prepares each. */
export const statements = {
  // Whoever makes deliveries outside a slot looks at the stops first: of them and a stop one waits for the other.
  lockReport: "select pg_advisory_xact_lock(hashtextextended('daybreak stops ' || $1, 0))",
  shareReport: "select pg_advisory_xact_lock_shared(hashtextextended('daybreak stops ' || $1, 0))",
  lockSlots: `select id from slots where (id = $1 or ($1::bigint is null and report = $2)) and state not in ('closed', 'skipped') order by id for update`,
  put: "insert into stops (report, slot_id, reason, by, at) values ($1, $2, $3, $4, $5) returning id",
  holding: "select * from stops where lifted_at is null and report = $2 and slot_id is not distinct from $1::bigint",
  ofReport: "select * from stops where lifted_at is null and report = $1 and slot_id is null",
  all: "select * from stops where lifted_at is null order by id",
  stopSlots: `update slots set stopped_at = $3 where (id = $1 or ($1::bigint is null and report = $2))
    and state not in ('closed', 'skipped') and stopped_at is null`,
  stopDeliveries: `with held as (update deliveries d set stopped_at = $3
      where ${meant} and d.stopped_at is null and d.state in ${stoppable} returning d.state)
    select count(*) filter (where state <> 'sending') as held, count(*) filter (where state = 'sending') as sending from held`,
  inFlight: `select count(*) filter (where d.state in ('drawn', 'proven') and d.deadline > now()) as writing,
      (select count(distinct r.id) from renders r join delivery_parts p on p.render_id = r.id join deliveries d on d.id = p.delivery_id
        where r.state = 'drawing' and ${meant}) as drawing
    from deliveries d where ${meant} and d.state in ('drawn', 'proven')`,
  keepInFlight: "update stops set in_flight = $2 where id = $1",
  lift: `update stops set lifted_at = $3, lifted_by = $4 where lifted_at is null and report = $2 and slot_id is not distinct from $1::bigint`,
  // What another stop still holds stays: a slot's own under a stop of its report, and the other way round.
  resumeSlots: `update slots set stopped_at = null where (id = $1 or ($1::bigint is null and report = $2)) and stopped_at is not null
    and not exists (select 1 from stops x where x.lifted_at is null and x.report = $2 and (x.slot_id is null or x.slot_id = slots.id))`,
  resumeDeliveries: `with freed as (update deliveries d set stopped_at = null where ${meant} and d.stopped_at is not null
      and not exists (select 1 from stops x where x.lifted_at is null and x.report = $2
        and (x.slot_id is null or x.slot_id = d.slot_id or d.occasion like 'correction:' || x.slot_id || '.%')) returning d.state)
    select count(*) filter (where state in ${stoppable}) as freed from freed`,
  ring: "select pg_notify('daybreak', word) from unnest(array['slots', 'draw', 'write', 'post']) word",
  expireSlots: `update slots set state = 'skipped', next_probe_at = null, stopped_at = null, reason = case when state = 'paused'
      then 'it expired while it was paused (' || reason || ')' else 'it expired while it was stopped' end
    where expires_at <= $1 and (state = 'paused' or (stopped_at is not null and state in ('due', 'waiting', 'ready'))) returning id`,
};

/** What is stopped: one slot with its corrections, or a whole report (`slotId` null). */
export interface StopTarget {
  readonly slotId: string | null;
  readonly report: string;
}

/** A stop that holds. */
export interface Stop extends StopTarget {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
}

/** What was under way at the moment of a stop, and is finished. */
export interface InFlight {
  readonly drawing: number;
  readonly writing: number;
  readonly sending: number;
}

const toStop = (row: Row): Stop => ({
  id: text(row, "id"),
  report: text(row, "report"),
  slotId: textOrNull(row, "slot_id"),
  reason: text(row, "reason"),
  by: text(row, "by"),
});

/** The stop that holds for exactly this target, or `null`. */
export const stopOf = (db: Db, { slotId, report }: StopTarget): Promise<Stop | null> =>
  one(db, { text: statements.holding, values: [slotId, report], map: toStop });

/** Every stop that holds. */
export const allStops = (db: Db): Promise<Stop[]> => many(db, { text: statements.all, values: [], map: toStop });

/** What a stop held back, and what was under way. */
export interface Stopped {
  readonly slots: number;
  readonly deliveries: number;
  readonly inFlight: InFlight;
}

/**
 * Stops a target, in the caller's transaction: from its commit nothing further of it is leased for drawing, writing or sending. The slots are
 * locked first, so that whoever is making deliveries of them has either ended, and they are stopped too, or waits and then sees the stop.
 */
export const putStop = async (
  db: Db,
  target: StopTarget,
  { by, reason, now }: { readonly by: string; readonly reason: string; readonly now: Temporal.Instant },
): Promise<Stopped> => {
  const { slotId, report } = target;
  await db.query(statements.lockReport, [report]);
  await db.query(statements.lockSlots, [slotId, report]);
  const values = [report, slotId, reason, by, at(now)];
  const id = await one(db, { text: statements.put, values, map: (row) => text(row, "id") });
  const slots = await changed(db, statements.stopSlots, [slotId, report, at(now)]);
  const held = await one(db, { text: statements.stopDeliveries, values: [slotId, report, at(now)], map: toHeld });
  const working = await one(db, { text: statements.inFlight, values: [slotId, report], map: toWorking });
  const inFlight = { ...(working ?? { drawing: 0, writing: 0 }), sending: held?.sending ?? 0 };
  await db.query(statements.keepInFlight, [id, json(inFlight)]);
  return { slots, deliveries: held?.held ?? 0, inFlight };
};

const toHeld = (row: Row) => ({ held: number(row, "held"), sending: number(row, "sending") });

const toWorking = (row: Row) => ({ drawing: number(row, "drawing"), writing: number(row, "writing") });

/** The stop that forbids making further deliveries of a report or of a slot, or `null`. In a transaction: no stop begins before it ends. */
export const stopAgainst = async (db: Db, { slotId, report }: StopTarget): Promise<Stop | null> => {
  await db.query(statements.shareReport, [report]);
  const ofReport = await one(db, { text: statements.ofReport, values: [report], map: toStop });
  return ofReport ?? (slotId === null ? null : stopOf(db, { slotId, report }));
};

/** Lifts a stop; how many deliveries go on, or `null` when there was none. */
export const liftStop = async (
  db: Db,
  { slotId, report }: StopTarget,
  { by, now }: { readonly by: string; readonly now: Temporal.Instant },
): Promise<number | null> => {
  if ((await changed(db, statements.lift, [slotId, report, at(now), by])) === 0) return null;
  await db.query(statements.ring);
  await db.query(statements.resumeSlots, [slotId, report]);
  const map = (row: Row) => number(row, "freed");
  return (await one(db, { text: statements.resumeDeliveries, values: [slotId, report], map })) ?? 0;
};

/** Ends slots that expired while they were paused or stopped; their ids. */
export const expireHeldSlots = (db: Db, now: Temporal.Instant): Promise<string[]> =>
  many(db, { text: statements.expireSlots, values: [at(now)], map: (row) => text(row, "id") });

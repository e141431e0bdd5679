import type { Slot, SlotState } from "#model/delivery.ts";
import type { Temporal } from "#model/time.ts";
import {
  as,
  at,
  changed,
  type Db,
  instant,
  instantOrNull,
  many,
  number,
  one,
  type Row,
  text,
  textOrNull,
} from "#store/db.ts";

/** Every statement about slots; a test prepares each. */
export const statements = {
  // What comes due while its report is stopped is stopped with it.
  put: `insert into slots (report, version, schedule, zone, nominal, due, expires_at, state, reason, stopped_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, (select max(x.at) from stops x
      where $8 <> 'skipped' and x.lifted_at is null and x.slot_id is null and x.report = $1)) on conflict (report, schedule, zone, nominal) do nothing`,
  lastNominal: "select max(nominal) as nominal from slots where report = $1 and schedule = $2 and zone = $3",
  // A stopped slot is only closed, once all that was under way has ended.
  open: `select * from slots where (state = 'planned' or (stopped_at is null and (state = 'ready' or (state = 'due' and due <= $1)
      or (state = 'waiting' and next_probe_at <= $1)) and not exists (select 1 from stops x
        where x.lifted_at is null and x.slot_id is null and x.report = slots.report))) order by due, id`,
  byId: "select * from slots where id = $1",
  lock: "select * from slots where id = $1 for update",
  recent: `select s.*, (select jsonb_object_agg(state, n) from
      (select state, count(*) as n from deliveries d where d.slot_id = s.id group by state) counts) as counts
    from slots s order by nominal desc, id desc limit $1`,
  move: `update slots set state = $3, reason = coalesce($4, reason), next_probe_at = $5, notice = coalesce($6, notice),
      data_as_of = coalesce($7, data_as_of), audience = coalesce($8, audience) where id = $1 and state = $2`,
  close: `update slots set state = 'closed', closed_at = $2 where id = $1 and state = 'planned' and not exists
    (select 1 from deliveries d where d.slot_id = $1 and d.state in ('planned', 'drawn', 'proven', 'composed', 'sending'))`,
  lastAudience: `select audience from slots where report = $1 and schedule = $2 and zone = $3 and state in ('planned', 'closed')
    and nominal < $4 and audience is not null order by nominal desc limit 1`,
  untold: "select * from slots where state = 'closed' and summarized_at is null order by id",
  // One for all slots of a report: of two that end together one tells of both.
  lockUntold: `select id from slots where id = $1 and summarized_at is null
    and pg_try_advisory_xact_lock(hashtextextended('daybreak summary ' || $2, 0))`,
  morning: `select * from slots where report = $1 and state <> 'skipped' and summarized_at is null
      and due between $2::timestamptz - $3 * interval '1 ms' and $2::timestamptz + $3 * interval '1 ms' order by due, id`,
  told: "update slots set summarized_at = $2 where id = any($1::bigint[])",
};

const toSlot = (row: Row): Slot => ({
  id: text(row, "id"),
  report: text(row, "report"),
  version: text(row, "version"),
  schedule: text(row, "schedule"),
  zone: text(row, "zone"),
  nominal: instant(row, "nominal"),
  due: instant(row, "due"),
  state: as<SlotState>(row, "state"),
  nextProbeAt: instantOrNull(row, "next_probe_at"),
  reason: textOrNull(row, "reason"),
  notice: as<Slot["notice"]>(row, "notice"),
  dataAsOf: textOrNull(row, "data_as_of"),
  audience: as<number | null>(row, "audience"),
  isStopped: (row["stopped_at"] ?? null) !== null,
});

/** A slot to be recorded: due, or skipped with its reason. */
export interface NewSlot {
  readonly report: string;
  readonly version: string;
  readonly schedule: string;
  readonly zone: string;
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
  readonly skipped: string | null;
}

/** Records a slot once; false when it was there already. */
export const putSlot = async (db: Db, slot: NewSlot): Promise<boolean> => {
  const { report, version, schedule, zone, nominal, due, expiresAt, skipped } = slot;
  const state = skipped === null ? "due" : "skipped";
  const values = [report, version, schedule, zone, at(nominal), at(due), at(expiresAt), state, skipped];
  return (await changed(db, statements.put, values)) > 0;
};

/** The newest occurrence that was recorded for a schedule, made or skipped. */
export const lastNominal = (
  db: Db,
  { report, schedule, zone }: { readonly report: string; readonly schedule: string; readonly zone: string },
): Promise<Temporal.Instant | null> =>
  one(db, {
    text: statements.lastNominal,
    values: [report, schedule, zone],
    map: (row) => instantOrNull(row, "nominal"),
  });

/** The slots that something may be done about at `now`. */
export const openSlots = (db: Db, now: Temporal.Instant): Promise<Slot[]> =>
  many(db, { text: statements.open, values: [at(now)], map: toSlot });

/** A slot by id. */
export const slotById = (db: Db, id: string): Promise<Slot | null> =>
  one(db, { text: statements.byId, values: [id], map: toSlot });

/** A slot by id, locked until the transaction ends. */
export const lockSlot = (db: Db, id: string): Promise<Slot | null> =>
  one(db, { text: statements.lock, values: [id], map: toSlot });

/** A slot with the number of its deliveries in each state. */
export interface SlotCounts {
  readonly slot: Slot;
  readonly counts: Readonly<Record<string, number>>;
}

/** The newest slots, with the number of their deliveries in each state. */
export const recentSlots = (db: Db, limit: number): Promise<SlotCounts[]> =>
  many(db, {
    text: statements.recent,
    values: [limit],
    map: (row) => ({ slot: toSlot(row), counts: as<Record<string, number> | null>(row, "counts") ?? {} }),
  });

/** What changes with a move of a slot. */
export interface SlotMove {
  readonly to: SlotState;
  readonly reason?: string | null;
  readonly nextProbeAt?: Temporal.Instant | null;
  readonly notice?: Slot["notice"];
  readonly dataAsOf?: string | null;
  readonly audience?: number | null;
}

/** Moves a slot on if it still is where it was; false when somebody else moved it first. */
export const moveSlot = async (db: Db, slot: Slot, move: SlotMove): Promise<boolean> => {
  const { to, reason = null, nextProbeAt = null, notice = null, dataAsOf = null, audience = null } = move;
  const values = [slot.id, slot.state, to, reason, at(nextProbeAt), notice, dataAsOf, audience];
  return (await changed(db, statements.move, values)) > 0;
};

/** Closes a slot when nothing of it is under way any more. */
export const closeSlot = async (db: Db, id: string, now: Temporal.Instant): Promise<boolean> =>
  (await changed(db, statements.close, [id, at(now)])) > 0;

/** How many deliveries the slot before this one had; `null` for the first. */
export const lastAudience = (db: Db, slot: Slot): Promise<number | null> =>
  one(db, {
    text: statements.lastAudience,
    values: [slot.report, slot.schedule, slot.zone, at(slot.nominal)],
    map: (row) => number(row, "audience"),
  });

/** Closed slots whose owner has not been told yet. */
export const untoldSlots = (db: Db): Promise<Slot[]> => many(db, { text: statements.untold, values: [], map: toSlot });

/** Takes the right to tell a slot's owner until the transaction ends; false when somebody else has it or did it. */
export const lockUntold = async (db: Db, { id, report }: Pick<Slot, "id" | "report">): Promise<boolean> =>
  (await db.query(statements.lockUntold, [id, report])).rows.length > 0;

/** The slots of a report that came due within `ms` of this one, itself included, of which its owner has not been told. */
export const morningOf = (db: Db, { report, due }: Pick<Slot, "report" | "due">, ms: number): Promise<Slot[]> =>
  many(db, { text: statements.morning, values: [report, at(due), ms], map: toSlot });

/** Records that the owner of these slots was told. */
export const markTold = async (db: Db, ids: readonly string[], now: Temporal.Instant): Promise<void> => {
  await db.query(statements.told, [ids, at(now)]);
};

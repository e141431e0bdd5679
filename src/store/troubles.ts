import type { SlotState } from "#model/delivery.ts";
import type { Temporal } from "#model/time.ts";
import { as, at, type Db, instant, instantOrNull, many, number, one, text, textOrNull } from "#store/db.ts";

const lost = "('failed', 'expired', 'uncertain')";

/** Every statement that the watch asks; a test prepares each. */
export const statements = {
  deliveries: `select d.slot_id, d.occasion, d.report, d.state, count(*) as n, min(d.reason) as reason,
      min(d.finished_at) as first, coalesce(s.state = 'closed', true) as is_closed,
      d.slot_id is not null and exists (select 1 from slots l where l.report = s.report and l.zone = s.zone and l.nominal > s.nominal and l.state = 'closed'
        and not exists (select 1 from deliveries x where x.slot_id = l.id and x.state in ${lost})) as is_past
    from deliveries d left join slots s on s.id = d.slot_id
    where d.state in ${lost} and d.created_at > $1 and not d.trial and d.occasion not like 'preview:%'
    group by d.slot_id, d.occasion, d.report, d.state, s.id order by d.slot_id, d.occasion, d.state`,
  slots: `select s.id, s.report, s.zone, s.nominal, s.due, s.expires_at, s.state, s.reason, s.stopped_at is not null as is_stopped,
      s.wave = 'first' as is_first_wave,
      case when s.due < $2 then (select count(*) from deliveries d where d.slot_id = s.id
        and d.state in ('planned', 'drawn', 'proven', 'composed', 'sending')) else 0 end as under_way,
      exists (select 1 from slots l where l.report = s.report and l.zone = s.zone and l.nominal > s.nominal and l.state in ('planned', 'closed')) as is_past
    from slots s join reports r on r.name = s.report and r.mode = 'live'
    where s.due <= $1 and (s.state not in ('closed', 'skipped') or (s.state = 'skipped' and s.due > $3)) order by s.due, s.id`,
  servers: `select r.server, count(*) as waiting, min(r.reason) as reason, min(r.wanted_at) as since from renders r
    where r.state = 'wanted' and r.reason is not null and r.wanted_at < $1
      and exists (select 1 from delivery_parts p join deliveries d on d.id = p.delivery_id
        where p.render_id = r.id and d.state = 'planned' and not d.trial and d.stopped_at is null)
      and not exists (select 1 from servers s where s.name = r.server and s.paused_until > $2)
      and not exists (select 1 from renders well where well.server = r.server and well.state = 'ready' and well.finished_at > $1)
    group by r.server order by r.server`,
  mail: `select count(*) as failed, max(a.finished_at) as last, (array_agg(a.words order by a.finished_at desc))[1] as words,
      (select count(*) from deliveries w where w.state = 'composed' and w.attempts > 0 and not w.trial) as waiting
    from attempts a join deliveries d on d.id = a.delivery_id and not d.trial
    where a.outcome in ('temporary', 'away', 'unknown') and a.finished_at > greatest($1::timestamptz, coalesce(
      (select max(w.finished_at) from attempts w where w.outcome = 'sent' and w.finished_at > $1), $1))`,
};

/** Deliveries of one slot or request that didn't go out as they should, all in one state. */
export interface LostDeliveries {
  readonly slotId: string | null;
  readonly occasion: string;
  readonly report: string;
  readonly state: "failed" | "expired" | "uncertain";
  readonly count: number;
  readonly reason: string;
  readonly first: Temporal.Instant | null;
  /** Its slot is closed: no more will follow. */
  readonly isClosed: boolean;
  /** A later morning of the same report went out well. */
  readonly isPast: boolean;
}

/** A slot that isn't closed, or was skipped lately, of a report that is live. */
export interface OpenSlot {
  readonly id: string;
  readonly report: string;
  readonly zone: string;
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
  readonly state: SlotState;
  readonly reason: string | null;
  readonly isStopped: boolean;
  readonly isFirstWave: boolean;
  /** Deliveries that are under way, counted once it is late. */
  readonly underWay: number;
  readonly isPast: boolean;
}

/** A report server on which nothing could be drawn for a while. */
export interface IdleServer {
  readonly name: string;
  readonly waiting: number;
  readonly reason: string;
}

/** How the mailer fared since its last success. */
export interface MailTrouble {
  readonly failed: number;
  readonly last: Temporal.Instant | null;
  readonly words: string;
  readonly waiting: number;
}

/** Deliveries to people since `since` that were lost or may be. */
export const lostDeliveries = (db: Db, since: Temporal.Instant): Promise<LostDeliveries[]> =>
  many(db, {
    text: statements.deliveries,
    values: [at(since)],
    map: (row) => ({
      slotId: textOrNull(row, "slot_id"),
      occasion: text(row, "occasion"),
      report: text(row, "report"),
      state: as<LostDeliveries["state"]>(row, "state"),
      count: number(row, "n"),
      reason: text(row, "reason"),
      first: instantOrNull(row, "first"),
      isClosed: as<boolean>(row, "is_closed"),
      isPast: as<boolean>(row, "is_past"),
    }),
  });

/** The slots that somebody may have to look after. */
export const slotsToWatch = (
  db: Db,
  {
    now,
    late,
    since,
  }: { readonly now: Temporal.Instant; readonly late: Temporal.Instant; readonly since: Temporal.Instant },
): Promise<OpenSlot[]> =>
  many(db, {
    text: statements.slots,
    values: [at(now), at(late), at(since)],
    map: (row) => ({
      id: text(row, "id"),
      report: text(row, "report"),
      zone: text(row, "zone"),
      nominal: instant(row, "nominal"),
      due: instant(row, "due"),
      expiresAt: instant(row, "expires_at"),
      state: as<SlotState>(row, "state"),
      reason: textOrNull(row, "reason"),
      isStopped: as<boolean>(row, "is_stopped"),
      isFirstWave: row["is_first_wave"] === true,
      underWay: number(row, "under_way"),
      isPast: as<boolean>(row, "is_past"),
    }),
  });

/** Report servers on which nothing was drawn since `since` although something was tried. */
export const idleServers = (
  db: Db,
  { now, since }: { readonly now: Temporal.Instant; readonly since: Temporal.Instant },
): Promise<IdleServer[]> =>
  many(db, {
    text: statements.servers,
    values: [at(since), at(now)],
    map: (row) => ({ name: text(row, "server"), waiting: number(row, "waiting"), reason: text(row, "reason") }),
  });

/** How posting fared since its last success, looking back to `since`. */
export const mailTrouble = async (db: Db, since: Temporal.Instant): Promise<MailTrouble> =>
  (await one(db, {
    text: statements.mail,
    values: [at(since)],
    map: (row) => ({
      failed: number(row, "failed"),
      last: instantOrNull(row, "last"),
      words: textOrNull(row, "words") ?? "",
      waiting: number(row, "waiting"),
    }),
  })) ?? { failed: 0, last: null, words: "", waiting: 0 };

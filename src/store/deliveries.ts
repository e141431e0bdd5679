import type { Correction, Delivery, DeliveryPart, DeliveryState, Envelope } from "#model/delivery.ts";
import { canonicalFilters, type Filters } from "#model/filters.ts";
import type { ShownFact } from "#model/message.ts";
import type { Format } from "#model/people.ts";
import type { Proof } from "#model/proof.ts";
import { before, type Temporal } from "#model/time.ts";
import {
  as,
  at,
  changed,
  type Db,
  instant,
  instantOrNull,
  json,
  many,
  number,
  one,
  type Row,
  text,
  textOrNull,
} from "#store/db.ts";

/** All that a delivery is read from, where it is called `d`. */
export const deliveryColumns = `d.*, coalesce((select jsonb_agg(jsonb_build_object('report', p.report, 'view', p.view, 'filters', p.filters,
    'heading', p.heading, 'renderId', p.render_id::text) order by p.part) from delivery_parts p where p.delivery_id = d.id), '[]') as parts`;

/** Whose renders have all ended is asked first: thousands may wait, and what is read about each of them is for few. */
const drawable = (which: string): string => `with settled as materialized (select d.id, d.version from deliveries d
      where d.state = 'planned' and ${which} and not exists (select from renders r join delivery_parts p on p.render_id = r.id
        where p.delivery_id = d.id and r.state in ('wanted', 'drawing')))
    select d.id, v.definition ->> 'whenRenderFails' as policy,
      coalesce(bool_or(r.state = 'ready'), true) as some, coalesce(bool_or(r.state = 'faulted'), false) as lost,
      string_agg(distinct p.view || ': ' || r.reason, '; ') filter (where r.state = 'faulted') as reason
    from settled d left join delivery_parts p on p.delivery_id = d.id left join renders r on r.id = p.render_id
      join report_versions v on v.hash = d.version
    group by d.id, v.definition ->> 'whenRenderFails'`;

const lease = (order: "asc" | "desc") => `update deliveries d set owner = $1, deadline = now() + $2 * interval '1 ms'
    where d.id = (select w.id from deliveries w where w.state in ('drawn', 'proven')
      and (w.deadline is null or w.owner = $1) and w.stopped_at is null and (w.not_before is null or w.not_before <= $4)
      and ($3::text is null or w.occasion = $3)
      order by md5(w.filters_key) ${order}, w.id ${order} for update skip locked limit 1)
    returning ${deliveryColumns}`;

/** Every statement about deliveries; a test prepares each. */
export const statements = {
  byId: `select ${deliveryColumns} from deliveries d where d.id = $1`,
  list: `select ${deliveryColumns} from deliveries d
    where ($1::text is null or d.report = $1) and ($2::text is null or d.state = $2)
      and ($3::text is null or d.occasion = $3) and ($4::bigint is null or d.slot_id = $4)
    order by d.nominal desc, d.id limit $5`,
  drawable: drawable("true"),
  drawableOf: drawable("d.id in (select delivery_id from delivery_parts where render_id = $1)"),
  drawn: "update deliveries set state = 'drawn', reason = null where id = any($1::bigint[]) and state = 'planned'",
  // Who proved a delivery goes on to write it: the lease holds until then, or two processes would write it both.
  move: `update deliveries set state = $3, reason = $4, finished_at = $5, owner = case when $3 = 'proven' then owner end,
      deadline = case when $3 = 'proven' then deadline end where id = $1 and state = $2`,
  lease: lease("asc"),
  leaseBack: lease("desc"),
  postpone:
    "update deliveries set not_before = $2, owner = null, deadline = null where id = $1 and state in ('drawn', 'proven', 'composed')",
  // Who reads the reason should learn of a pause that is the cause of it.
  expire: `update deliveries x set state = 'expired', reason = $2 || coalesce((
      select format('; the report server “%s” was paused by %s', s.name, s.paused_by) from delivery_parts p
        join renders r on r.id = p.render_id join servers s on s.name = r.server
      where x.state = 'planned' and p.delivery_id = x.id and r.state = 'wanted' and s.paused_until > $1 limit 1), ''), finished_at = $1, owner = null, deadline = null
    where state in ('planned', 'drawn', 'proven', 'composed') and expires_at <= $1 returning id`,
  lastFacts: `select d.facts, d.nominal, d.zone from deliveries d where d.report = $1 and md5(d.filters_key) = md5($2) and d.filters_key = $2 and d.state = 'sent'
      and d.nominal < $3 and d.facts is not null and d.trial = $4
      and not exists (select 1 from unnest($5::text[], $6::timestamptz[]) as today(zone, began) where today.zone = d.zone and d.nominal >= today.began)
    order by d.nominal desc limit 1`,
  putProofs: `with about as (
      update delivery_parts p set proven_of = x.drawn_at from jsonb_to_recordset($3::jsonb) as x (part int, drawn_at timestamptz)
        where p.delivery_id = $1 and p.part = x.part)
    insert into proofs (delivery_id, part, format, verdict, evidence, sha256)
    select $1, x.part, x.format, x.verdict, x.evidence, (
      select a.sha256 from delivery_parts p join artifacts a on a.render_id = p.render_id and a.format = x.format
        where p.delivery_id = $1 and p.part = x.part)
    from jsonb_to_recordset($2::jsonb) as x (part int, format text, verdict text, evidence jsonb)
    on conflict (delivery_id, part, format) do update set verdict = excluded.verdict, evidence = excluded.evidence, sha256 = excluded.sha256`,
  proofs: "select * from proofs where delivery_id = $1 order by part, format",
};

/** A delivery from its columns. */
export const toDelivery = (row: Row): Delivery => ({
  id: text(row, "id"),
  slotId: textOrNull(row, "slot_id"),
  occasion: text(row, "occasion"),
  report: text(row, "report"),
  version: text(row, "version"),
  recipientId: text(row, "recipient_id"),
  recipientName: text(row, "recipient_name"),
  label: text(row, "label"),
  envelope: as<Envelope>(row, "envelope"),
  filters: as<Filters>(row, "filters"),
  parts: as<DeliveryPart[]>(row, "parts"),
  formats: as<Format[]>(row, "formats"),
  locale: text(row, "locale"),
  zone: text(row, "zone"),
  nominal: instant(row, "nominal"),
  expiresAt: instant(row, "expires_at"),
  trial: as<boolean>(row, "trial"),
  state: as<DeliveryState>(row, "state"),
  reason: textOrNull(row, "reason"),
  attempts: number(row, "attempts"),
  notBefore: instantOrNull(row, "not_before"),
  deadline: instantOrNull(row, "deadline"),
  ...(row["correction"] == null ? {} : { correction: as<Correction>(row, "correction") }),
});

/** A delivery by id. */
export const deliveryById = (db: Db, id: string): Promise<Delivery | null> =>
  one(db, { text: statements.byId, values: [id], map: toDelivery });

/** Which deliveries to list; `null` for any. */
export interface DeliveryQuery {
  readonly report: string | null;
  readonly state: string | null;
  readonly occasion: string | null;
  readonly slotId: string | null;
  readonly limit: number;
}

/** Deliveries, newest occasion first. */
export const listDeliveries = (db: Db, ask: DeliveryQuery): Promise<Delivery[]> =>
  many(db, {
    text: statements.list,
    values: [ask.report, ask.state, ask.occasion, ask.slotId, ask.limit],
    map: toDelivery,
  });

/** A planned delivery all of whose renders ended, with the report's policy for a lost one. */
export interface Drawable {
  readonly id: string;
  readonly policy: "fail" | "send-without";
  readonly some: boolean;
  readonly lost: boolean;
  readonly reason: string | null;
}

/** Planned deliveries all of whose renders ended: of one render, or of all for the sweep. */
export const drawableDeliveries = (db: Db, renderId: string | null): Promise<Drawable[]> =>
  many(db, {
    text: renderId === null ? statements.drawable : statements.drawableOf,
    values: renderId === null ? [] : [renderId],
    map: (row) => ({
      id: text(row, "id"),
      policy: as<Drawable["policy"]>(row, "policy"),
      some: as<boolean>(row, "some"),
      lost: as<boolean>(row, "lost"),
      reason: textOrNull(row, "reason"),
    }),
  });

/** Moves planned deliveries on whose pictures are there; those that somebody else moved stay where they are. */
export const markDrawn = async (db: Db, ids: readonly string[]): Promise<void> => {
  if (ids.length > 0) await db.query(statements.drawn, [ids]);
};

/** A move of a delivery from one state to another. */
export interface DeliveryMove {
  readonly id: string;
  readonly from: DeliveryState;
  readonly to: DeliveryState;
  readonly reason?: string | null;
  /** Set when the delivery ends here. */
  readonly finishedAt?: Temporal.Instant | null;
}

/** Moves a delivery on if it still is where it was; false when somebody else moved it first. */
export const moveDelivery = async (db: Db, move: DeliveryMove): Promise<boolean> =>
  (await changed(db, statements.move, [
    move.id,
    move.from,
    move.to,
    move.reason ?? null,
    at(move.finishedAt ?? null),
  ])) > 0;

/** Who leases work, for how long, and of which occasion (`null`: any). */
export interface WorkAsk {
  readonly owner: string;
  readonly leaseMs: number;
  readonly occasion: string | null;
  readonly now: Temporal.Instant;
}

/** Who leases a delivery to write it, and from which end of the filters. */
export interface WriteAsk extends WorkAsk {
  readonly from: "front" | "back";
}

/**
 * Leases a drawn or proven delivery for proof and composition. A writer writes one at a time, so one that it holds already is
 * one whose lease it never heard of: the connection broke. Equal filters lie beside each other; writers begin at both ends, so that one
 * has work while the other waits for a picture to be packed.
 */
export const leaseDelivery = (db: Db, ask: WriteAsk): Promise<Delivery | null> =>
  one(db, {
    text: ask.from === "front" ? statements.lease : statements.leaseBack,
    values: [ask.owner, ask.leaseMs, ask.occasion, at(ask.now)],
    map: toDelivery,
  });

/** Leaves a delivery where it is until `notBefore`. */
export const postponeDelivery = async (db: Db, id: string, notBefore: Temporal.Instant): Promise<void> => {
  await db.query(statements.postpone, [id, at(notBefore)]);
};

/** Ends what was not sent in time; the ids. */
export const expireDeliveries = (db: Db, now: Temporal.Instant, reason: string): Promise<string[]> =>
  many(db, { text: statements.expire, values: [at(now), reason], map: (row) => text(row, "id") });

/**
 * The figures of the last delivery with equal filters that was sent and was of a day before, with that day; `null`: there is none. An edition is
 * of the day that its own recipient had. That is worked out here: a zone that the database doesn't know would end the statement for
 * everybody whom it looks at. So it is asked again for each zone that has had an edition of this day already, which are few.
 */
export const lastSentFacts = async (
  db: Db,
  delivery: Delivery,
): Promise<{ readonly facts: readonly ShownFact[]; readonly date: string } | null> => {
  const { report, filters, nominal, zone, trial } = delivery;
  const today = nominal.toZonedDateTimeISO(zone).toPlainDate();
  const began = new Map<string, Temporal.Instant>();
  for (;;) {
    const days = [[...began.keys()], [...began.values()].map(at)];
    const last = await one(db, {
      text: statements.lastFacts,
      values: [report, canonicalFilters(filters), at(nominal), trial, ...days],
      map: (row) => ({
        facts: as<ShownFact[]>(row, "facts"),
        nominal: instant(row, "nominal"),
        zone: text(row, "zone"),
      }),
    });
    if (last === null) return null;
    const start = today.toZonedDateTime(last.zone).toInstant();
    if (before(last.nominal, start))
      return { facts: last.facts, date: last.nominal.toZonedDateTimeISO(last.zone).toPlainDate().toString() };
    began.set(last.zone, start);
  }
};

/** Which drawing of a part was proven: when it was drawn, or `null`: never. */
export interface Drawing {
  readonly part: number;
  readonly drawnAt: Temporal.Instant | null;
}

/** Keeps the proof of each artifact, and which drawings it is about. */
export const putProofs = async (
  db: Db,
  deliveryId: string,
  proven: { readonly proofs: readonly Proof[]; readonly drawings: readonly Drawing[] },
): Promise<void> => {
  const proofs = proven.proofs.map(({ part, format, verdict, evidence }) => ({ part, format, verdict, evidence }));
  const drawings = proven.drawings.map(({ part, drawnAt }) => ({ part, drawn_at: at(drawnAt) }));
  await db.query(statements.putProofs, [deliveryId, json(proofs), json(drawings)]);
};

/** The proof of each artifact of a delivery. */
export const proofsOf = (db: Db, deliveryId: string): Promise<Proof[]> =>
  many(db, {
    text: statements.proofs,
    values: [deliveryId],
    map: (row) => ({
      part: number(row, "part"),
      format: as<Format>(row, "format"),
      verdict: as<Proof["verdict"]>(row, "verdict"),
      evidence: as<string[]>(row, "evidence"),
    }),
  });

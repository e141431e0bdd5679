/** Writes down what is owed, many rows with one statement: a morning for a hundred thousand would take minutes one by one. */
import type { Correction, DeliveryDraft } from "#model/delivery.ts";
import { canonicalFilters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { RenderRequest } from "#model/render.ts";
import type { Temporal } from "#model/time.ts";
import { at, type Db, json, many, text } from "#store/db.ts";

/** Every statement that writes down what is owed; a test prepares each. */
export const statements = {
  // In the order of the keys: two that want the same renders wait for each other's rows instead of both waiting for ever.
  want: `insert into renders (key, version, server, request)
    select x.key, x.version, x.server, x.request
    from jsonb_to_recordset($1::jsonb) as x (key text, version text, server text, request jsonb) order by x.key
    on conflict (key) do update set
      request = jsonb_set(renders.request, '{formats}', (
        select coalesce(jsonb_agg(distinct format), '[]') from
        jsonb_array_elements(renders.request -> 'formats' || (excluded.request -> 'formats')) format)),
      state = case when renders.state = 'ready' and (not (renders.request -> 'formats' @> (excluded.request -> 'formats'))
          or exists (select 1 from artifacts a where a.render_id = renders.id and a.removed_at is not null))
        then 'wanted' else renders.state end,
      n = case when renders.state = 'ready' then 0 else renders.n end,
      dead_owners = case when renders.state = 'ready' then 0 else renders.dead_owners end,
      not_before = case when renders.state = 'ready' then null else renders.not_before end
    returning id, key`,
  put: `insert into deliveries (slot_id, occasion, report, version, recipient_id, recipient_name, label, envelope, filters,
      filters_key, formats, locale, zone, nominal, expires_at, trial, state, reason, finished_at, waits_for_wave, correction, stopped_at)
    select x.slot_id, x.occasion, x.report, x.version, x.recipient_id, x.recipient_name, x.label, x.envelope, x.filters,
      x.filters_key, x.formats, x.locale, x.zone, x.nominal, x.expires_at, x.trial, x.state, x.reason, x.finished_at, x.waits_for_wave,
      x.correction, (select s.stopped_at from slots s where s.id = x.slot_id for key share)
    from jsonb_to_recordset($1::jsonb) as x (at int, slot_id bigint, occasion text, report text, version text, recipient_id bigint,
      recipient_name text, label text, envelope jsonb, filters jsonb, filters_key text, formats text[], locale text, zone text,
      nominal timestamptz, expires_at timestamptz, trial boolean, state text, reason text, finished_at timestamptz,
      waits_for_wave boolean, correction jsonb)
    order by x.at
    on conflict (occasion, recipient_id, report, label) do nothing returning id, occasion, recipient_id, report, label`,
  putParts: `insert into delivery_parts (delivery_id, part, report, view, heading, filters, render_id)
    select * from jsonb_to_recordset($1::jsonb)
      as x (delivery_id bigint, part int, report text, view text, heading text, filters jsonb, render_id bigint)`,
};

/** A draft with what it is owed for, and the render of each of its parts. */
export interface NewDelivery {
  readonly draft: DeliveryDraft;
  readonly slotId: string | null;
  readonly occasion: string;
  readonly version: string;
  /** One per part, in order; empty for a skipped one. */
  readonly renderIds: readonly string[];
  readonly now: Temporal.Instant;
  /** It goes out only once its slot's first wave did. */
  readonly waitsForWave?: boolean;
  readonly correction?: Correction;
}

/** Most rows of one statement: what a statement says is in memory whole, here and in the database. */
const atOnce = 1_000;

const inBatches = async <T>(all: readonly T[], write: (batch: readonly T[]) => Promise<void>): Promise<void> => {
  for (let from = 0; from < all.length; from += atOnce) await write(all.slice(from, from + atOnce));
};

/** What a transaction has wanted already: key → id and formats. */
export type WantedRenders = Map<string, { readonly id: string; readonly formats: readonly Format[] }>;

/** Wants renders: each shared with whoever wants the same, formats united. Key → id; those of `wanted` are left as they are. */
export const wantRenders = async (
  db: Db,
  requests: readonly RenderRequest[],
  wanted: WantedRenders = new Map(),
): Promise<ReadonlyMap<string, string>> => {
  const isNew = ({ key, formats }: RenderRequest): boolean => {
    const known = wanted.get(key)?.formats;
    return known === undefined || formats.some((format) => !known.includes(format));
  };
  const fresh = united(requests.filter(isNew));
  await inBatches([...fresh.values()], async (batch) => {
    const rows = batch.map((request) => {
      const { key, version, view } = request;
      return { key, version, server: view.server, request };
    });
    const map = (row: Record<string, unknown>): readonly [string, string] => [text(row, "key"), text(row, "id")];
    const found = await many(db, { text: statements.want, values: [json(rows)], map });
    for (const [key, id] of found) wanted.set(key, { id, formats: fresh.get(key)?.formats ?? [] });
  });
  return new Map(requests.map(({ key }) => [key, wanted.get(key)?.id ?? ""]));
};

/** One request for each key: one statement can't touch a row twice. */
const united = (requests: readonly RenderRequest[]): ReadonlyMap<string, RenderRequest> => {
  const byKey = new Map<string, RenderRequest>();
  for (const request of requests) {
    const known = byKey.get(request.key);
    const formats = known === undefined ? request.formats : [...new Set([...known.formats, ...request.formats])];
    byKey.set(request.key, formats.length === known?.formats.length ? known : { ...request, formats });
  }
  return byKey;
};

/** Records each delivery once, with its parts: the ids of those that were not there already, in order. */
export const putDeliveries = async (db: Db, deliveries: readonly NewDelivery[]): Promise<readonly string[]> => {
  const ids: string[] = [];
  await inBatches(deliveries, async (batch) => {
    const put = await many(db, {
      text: statements.put,
      values: [json(batch.map(rowsFor()))],
      map: (row) => ({
        id: text(row, "id"),
        name: nameOf(["occasion", "recipient_id", "report", "label"].map((column) => text(row, column))),
      }),
    });
    const fresh = new Map(put.map(({ id, name }) => [name, id]));
    const parts = batch.flatMap((delivery) => {
      const { occasion, draft } = delivery;
      const name = nameOf([occasion, draft.recipientId, draft.report, draft.label]);
      const id = fresh.get(name);
      // Of two with one name only the first was recorded.
      fresh.delete(name);
      return id === undefined ? [] : partsOf(delivery, id);
    });
    if (parts.length > 0) await db.query(statements.putParts, [json(parts)]);
    ids.push(...put.map(({ id }) => id));
  });
  return ids;
};

/** As the rows keep it: what Postgres keeps in no text is replaced there, too. */
const nameOf = (words: readonly string[]): string => JSON.stringify(JSON.parse(json(words)));

/** Deliveries of one slot share their instants, and writing one out takes longer than all the rest of a row. */
const rowsFor = () => {
  const written = new Map<Temporal.Instant, string | null>();
  const said = (instant: Temporal.Instant): string | null => {
    if (!written.has(instant)) written.set(instant, at(instant));
    return written.get(instant) ?? null;
  };
  return (delivery: NewDelivery, index: number) => rowOf(delivery, index, said);
};

const rowOf = (delivery: NewDelivery, index: number, said: (instant: Temporal.Instant) => string | null) => {
  const { draft, slotId, occasion, version, now, waitsForWave = false, correction = null } = delivery;
  const skipped = draft.skip !== null;
  return {
    at: index,
    slot_id: slotId,
    occasion,
    report: draft.report,
    version,
    recipient_id: draft.recipientId,
    recipient_name: draft.recipientName,
    label: draft.label,
    envelope: draft.envelope,
    filters: draft.filters,
    filters_key: canonicalFilters(draft.filters),
    formats: draft.formats,
    locale: draft.locale,
    zone: draft.zone,
    nominal: said(draft.nominal),
    expires_at: said(draft.expiresAt),
    trial: draft.trial,
    state: skipped ? "skipped" : "planned",
    reason: draft.skip,
    finished_at: skipped ? said(now) : null,
    waits_for_wave: waitsForWave,
    correction,
  };
};

const partsOf = ({ draft, renderIds }: NewDelivery, id: string) =>
  draft.skip !== null
    ? []
    : draft.parts.map(({ report, view, heading, filters }, part) => ({
        ...{ delivery_id: id, part, report, view, heading, filters },
        render_id: renderIds[part],
      }));

/**
 * Has Postgres count what was written down, after a large morning. It would do so by itself, but within minutes; until then it plans
 * statements, and those that connections hold already, for tables as they were.
 */
export const countOwed = async (db: Db): Promise<void> => {
  await db.query("analyze deliveries, delivery_parts, renders");
};

import type { Filters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { Artifact, RenderEvidence, RenderRequest } from "#model/render.ts";
import type { Temporal } from "#model/time.ts";
import { as, at, changed, type Db, json, many, number, one, type Row, text, textOrNull } from "#store/db.ts";
import { type Pool, transaction } from "#store/pool.ts";
import { type Concurrency, freeServers, lockServer } from "#store/servers.ts";

/** Every statement about renders and artifacts; a test prepares each. */
export const statements = {
  // Who waits is asked for one render after the other: joined with all that wait, each lease would cost more the more there are.
  lease: `update renders set state = 'drawing', owner = $1, n = n + 1, lease_until = now() + $2 * interval '1 ms'
    where id = (select r.id from renders r where r.state = 'wanted' and r.server = $4 and (r.not_before is null or r.not_before <= $3)
      and (select count(*) from renders busy where busy.state = 'drawing' and busy.server = $4) < $5::int
      and (select true from delivery_parts p join deliveries d on d.id = p.delivery_id
        where p.render_id = r.id and d.state = 'planned' and d.stopped_at is null and ($6::text is null or d.occasion = $6) limit 1)
      order by r.id for update skip locked limit 1)
    returning *`,
  renew: `update renders set lease_until = now() + $4 * interval '1 ms'
    where id = $1 and owner = $2 and n = $3 and state = 'drawing'`,
  // A format that was asked for while it was drawn is still owed to whoever asked.
  finish: `update renders set state = case when request -> 'formats' <@ $6::jsonb then 'ready' else 'wanted' end,
      n = case when request -> 'formats' <@ $6::jsonb then n else 0 end, dead_owners = 0, evidence = $4, finished_at = $5, owner = null, lease_until = null, reason = null
    where id = $1 and owner = $2 and n = $3 and state = 'drawing'`,
  putArtifact: `insert into artifacts (render_id, format, media_type, sha256, bytes, path, width, height)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (render_id, format) do update set media_type = excluded.media_type, sha256 = excluded.sha256,
      bytes = excluded.bytes, path = excluded.path, width = excluded.width, height = excluded.height, removed_at = null`,
  postpone: `update renders set state = 'wanted', not_before = $4, reason = $5, n = n - $6, owner = null, lease_until = null
    where id = $1 and owner = $2 and n = $3 and state = 'drawing'`,
  fault: `update renders set state = 'faulted', reason = $4, finished_at = $5, owner = null, lease_until = null
    where id = $1 and owner = $2 and n = $3 and state = 'drawing'`,
  giveBack: `update renders set state = 'wanted', n = n - 1, owner = null, lease_until = null
    where owner = $1 and state = 'drawing'`,
  again: `update renders set state = 'wanted', n = 0, dead_owners = 0, not_before = null, reason = null
    where state in ('faulted', 'ready') and id in (select render_id from delivery_parts where delivery_id = $1)`,
  byId: "select * from renders where id = $1",
  artifactsOf: "select * from artifacts where render_id = any($1::bigint[]) order by render_id, format",
  // Who shares the render shares its filters: ten thousand who do would be read again for each of them.
  twins: `with own as materialized (
      select p.delivery_id, p.render_id, a.sha256 from delivery_parts p join artifacts a on a.render_id = p.render_id and a.format = 'png'
      where p.delivery_id = $1),
    alike as (
      select delivery_id, render_id, sha256 from own
      union all select p.delivery_id, a.render_id, a.sha256 from artifacts a join delivery_parts p on p.render_id = a.render_id
        where a.format = 'png' and a.sha256 in (select sha256 from own) and a.render_id not in (select render_id from own))
    select distinct on (alike.delivery_id) alike.delivery_id as id, 'png' as format, alike.sha256, r.request -> 'filters' as filters,
      coalesce((r.evidence #>> '{csv,rows}')::int, 1) as rows
    from alike join renders r on r.id = alike.render_id where (r.request ->> 'nominal') = $2`,
};

/** A render that this worker has leased: `n` is the fence, its request says what to draw. */
export interface LeasedRender {
  readonly id: string;
  readonly n: number;
  /** Tries so far, this one included; those whose worker died count apart. */
  readonly tries: number;
  readonly owner: string;
  readonly request: RenderRequest;
}

const toLeased = (row: Row): LeasedRender => ({
  id: text(row, "id"),
  n: number(row, "n"),
  tries: number(row, "n") - number(row, "dead_owners"),
  owner: text(row, "owner"),
  request: as<RenderRequest>(row, "request"),
});

/** A render as it stands. */
export interface RenderRow {
  readonly id: string;
  readonly state: "wanted" | "drawing" | "ready" | "faulted";
  readonly reason: string | null;
  readonly request: RenderRequest;
  readonly evidence: RenderEvidence | null;
}

const toArtifact = (row: Row): Artifact => ({
  id: text(row, "id"),
  renderId: text(row, "render_id"),
  format: as<Format>(row, "format"),
  mediaType: text(row, "media_type"),
  sha256: text(row, "sha256"),
  bytes: number(row, "bytes"),
  path: text(row, "path"),
  width: as<number | null>(row, "width"),
  height: as<number | null>(row, "height"),
});

/** Who leases, for how long, and which work may be taken. */
export interface LeaseAsk {
  readonly owner: string;
  readonly leaseMs: number;
  readonly now: Temporal.Instant;
  /** Most renders at a time of each server; a worker takes no work for one that it doesn't know. */
  readonly servers: Concurrency;
  /** Only the renders of one occasion; `null`: any. */
  readonly occasion: string | null;
}

/**
 * Leases the oldest wanted render that a delivery waits for, on a server that isn't paused and has room, or `null`. The server's row is
 * locked meanwhile: two workers that count at once would both find the last place. The lease runs by the database's clock.
 */
export const leaseRender = async (pool: Pool, ask: LeaseAsk): Promise<LeasedRender | null> => {
  for (const name of await freeServers(pool, ask)) {
    const leased = await transaction(pool, (db) => leaseOn(db, name, ask));
    if (leased !== null) return leased;
  }
  return null;
};

const leaseOn = async (db: Db, name: string, ask: LeaseAsk): Promise<LeasedRender | null> => {
  const inForce = await lockServer(db, name, ask.now);
  if (inForce === null) return null;
  const most = Math.min(inForce, ask.servers[name] ?? 0);
  const values = [ask.owner, ask.leaseMs, at(ask.now), name, most, ask.occasion];
  return one(db, { text: statements.lease, values, map: toLeased });
};

/** Lengthens a lease; false when it was lost. */
export const renewRender = async (db: Db, render: LeasedRender, leaseMs: number): Promise<boolean> =>
  (await changed(db, statements.renew, [render.id, render.owner, render.n, leaseMs])) > 0;

/** Stores what a render yielded; false when its lease was lost, and then nothing is stored. Call it in a transaction. */
export const finishRender = async (
  db: Db,
  render: LeasedRender,
  yielded: {
    readonly artifacts: readonly Omit<Artifact, "id" | "renderId">[];
    readonly evidence: RenderEvidence;
    readonly now: Temporal.Instant;
  },
): Promise<boolean> => {
  const values = [
    render.id,
    render.owner,
    render.n,
    json(yielded.evidence),
    at(yielded.now),
    json(render.request.formats),
  ];
  if ((await changed(db, statements.finish, values)) === 0) return false;
  for (const { format, mediaType, sha256, bytes, path, width, height } of yielded.artifacts) {
    await db.query(statements.putArtifact, [render.id, format, mediaType, sha256, bytes, path, width, height]);
  }
  return true;
};

/** Puts a render back until `notBefore`; false when its lease was lost. A try that isn't counted leaves as many as there were. */
export const postponeRender = async (
  db: Db,
  render: LeasedRender,
  put: { readonly notBefore: Temporal.Instant; readonly reason: string; readonly isCounted: boolean },
): Promise<boolean> => {
  const values = [render.id, render.owner, render.n, at(put.notBefore), put.reason, put.isCounted ? 0 : 1];
  return (await changed(db, statements.postpone, values)) > 0;
};

/** Gives a render up; false when its lease was lost. */
export const faultRender = async (
  db: Db,
  render: LeasedRender,
  { reason, now }: { readonly reason: string; readonly now: Temporal.Instant },
): Promise<boolean> => (await changed(db, statements.fault, [render.id, render.owner, render.n, reason, at(now)])) > 0;

/** Gives every render of this owner back without counting the try: the worker is stopping. */
export const giveBackRenders = (db: Db, owner: string): Promise<number> => changed(db, statements.giveBack, [owner]);

/** Wants all renders of a delivery anew. */
export const drawAgain = (db: Db, deliveryId: string): Promise<number> => changed(db, statements.again, [deliveryId]);

/** A render from its columns. */
export const toRender = (row: Row): RenderRow => ({
  id: text(row, "id"),
  state: as<RenderRow["state"]>(row, "state"),
  reason: textOrNull(row, "reason"),
  request: as<RenderRequest>(row, "request"),
  evidence: as<RenderEvidence | null>(row, "evidence"),
});

/** A render by id. */
export const renderById = (db: Db, id: string): Promise<RenderRow | null> =>
  one(db, { text: statements.byId, values: [id], map: toRender });

/** The artifacts of some renders. */
export const artifactsOf = (db: Db, renderIds: readonly string[]): Promise<Artifact[]> =>
  many(db, { text: statements.artifactsOf, values: [renderIds], map: toArtifact });

/** An artifact that has the same bytes as one of a delivery's own, drawn for the same time. */
export interface Twin {
  readonly deliveryId: string;
  readonly filters: Filters;
  readonly format: Format;
  readonly sha256: string;
  readonly rows: number;
}

/** A delivery's pictures, and all that are byte for byte the same: two people's data may have been swapped. */
export const twinsOf = (db: Db, deliveryId: string, nominal: Temporal.Instant): Promise<Twin[]> =>
  many(db, {
    text: statements.twins,
    values: [deliveryId, at(nominal)],
    map: (row) => ({
      deliveryId: text(row, "id"),
      filters: as<Filters>(row, "filters"),
      format: as<Format>(row, "format"),
      sha256: text(row, "sha256"),
      rows: number(row, "rows"),
    }),
  });

import type { Temporal } from "#model/time.ts";
import { at, changed, type Db, instantOrNull, json, many, number, one, type Row, text, textOrNull } from "#store/db.ts";

/** Every statement about report servers as all processes share them; a test prepares each. */
export const statements = {
  know: `insert into servers (name, concurrency) select key, value::int from jsonb_each_text($1::jsonb)
    on conflict (name) do update set concurrency = excluded.concurrency
      where $2::boolean and servers.concurrency <> excluded.concurrency`,
  // A worker whose own setting is lower keeps to it.
  free: `select s.name from servers s
      cross join lateral (select min(r.id) as oldest from renders r
        where r.state = 'wanted' and r.server = s.name and (r.not_before is null or r.not_before <= $1)) wanted
    where $2::jsonb ? s.name and (s.paused_until is null or s.paused_until <= $1) and wanted.oldest is not null
      and (select count(*) from renders r where r.state = 'drawing' and r.server = s.name) < least(s.concurrency, ($2::jsonb ->> s.name)::int)
    order by wanted.oldest`,
  lock: "select concurrency from servers where name = $1 and (paused_until is null or paused_until <= $2) for update",
  list: `select s.*, (select count(*) from renders r where r.server = s.name and r.state = 'drawing') as drawing,
      (select count(distinct r.id) from renders r join delivery_parts p on p.render_id = r.id join deliveries d on d.id = p.delivery_id
        where r.server = s.name and r.state = 'wanted' and d.state = 'planned') as wanted
    from servers s order by s.name`,
  pause: "update servers set paused_until = $2, paused_by = $3 where name = $1",
  resume: "update servers set paused_until = null, paused_by = null where name = $1 and paused_until is not null",
  pausedOfSlot: `select distinct s.name, s.paused_until from servers s join renders r on r.server = s.name
      join delivery_parts p on p.render_id = r.id join deliveries d on d.id = p.delivery_id
    where d.slot_id = $1 and d.state = 'planned' and r.state = 'wanted' and s.paused_until > $2 order by s.name`,
};

/** A report server as all processes see it. */
export interface KnownServer {
  readonly name: string;
  readonly concurrency: number;
  readonly pausedUntil: Temporal.Instant | null;
  readonly pausedBy: string | null;
  /** Renders that are drawn there now, and that wait for it. */
  readonly drawing: number;
  readonly wanted: number;
}

const toServer = (row: Row): KnownServer => ({
  name: text(row, "name"),
  concurrency: number(row, "concurrency"),
  pausedUntil: instantOrNull(row, "paused_until"),
  pausedBy: textOrNull(row, "paused_by"),
  drawing: number(row, "drawing"),
  wanted: number(row, "wanted"),
});

/** Most renders at a time of each server, by its name. */
export type Concurrency = Readonly<Record<string, number>>;

/** Makes servers known; their numbers are in force for all processes when the configuration is published, else only for those that are new. */
export const knowServers = async (db: Db, servers: Concurrency, isPublished: boolean): Promise<void> => {
  await db.query(statements.know, [json(servers), isPublished]);
};

/** What may be drawn on at `now`, and by whom. */
export interface ServerAsk {
  readonly servers: Concurrency;
  readonly now: Temporal.Instant;
}

/** Servers that aren't paused, have room, and have a render waiting; the oldest render's first. */
export const freeServers = (db: Db, { servers, now }: ServerAsk): Promise<string[]> =>
  many(db, { text: statements.free, values: [at(now), json(servers)], map: (row) => text(row, "name") });

/** Locks a server until the transaction ends, so that nobody else counts meanwhile; its concurrency, or `null`: it is paused or unknown. */
export const lockServer = (db: Db, name: string, now: Temporal.Instant): Promise<number | null> =>
  one(db, { text: statements.lock, values: [name, at(now)], map: (row) => number(row, "concurrency") });

/** All servers that some configuration has named. */
export const allServers = (db: Db): Promise<KnownServer[]> =>
  many(db, { text: statements.list, values: [], map: toServer });

/** Lets a server rest; false when there is none of that name. */
export const pauseServer = async (
  db: Db,
  { name, until, by }: { readonly name: string; readonly until: Temporal.Instant; readonly by: string },
): Promise<boolean> => (await changed(db, statements.pause, [name, at(until), by])) > 0;

/** Ends a server's rest; false when it had none. */
export const resumeServer = async (db: Db, name: string): Promise<boolean> =>
  (await changed(db, statements.resume, [name])) > 0;

/** A server that is paused. */
export interface PausedServer {
  readonly name: string;
  readonly until: Temporal.Instant;
}

/** The paused servers that a slot waits for. */
export const pausedForSlot = (db: Db, slotId: string, now: Temporal.Instant): Promise<PausedServer[]> =>
  many(db, {
    text: statements.pausedOfSlot,
    values: [slotId, at(now)],
    map: (row) => ({ name: text(row, "name"), until: row["paused_until"] as Temporal.Instant }),
  });

/** What goes by itself when its time is over. Rows go or are marked here; the bytes that they named are noted by the schema itself. */
import type { Temporal } from "#model/time.ts";
import { at, changed, type Db, many, one, text } from "#store/db.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";

/** States in which a delivery may still need its pictures or its email. */
export const openStates = "('planned', 'drawn', 'proven', 'quarantined', 'composed', 'sending', 'uncertain')";

/** Every statement about what goes by itself; a test prepares each. */
export const statements = {
  // The lock comes first and the question of who needs it second: a delivery that was made in between is seen.
  oldRenders: `select r.id from renders r where r.state <> 'drawing' and r.finished_at < $1
      and exists (select 1 from artifacts a where a.render_id = r.id and a.removed_at is null)
      and not exists (select 1 from delivery_parts p join deliveries d on d.id = p.delivery_id where p.render_id = r.id and d.state in ${openStates})
    order by r.id limit $2 for update of r skip locked`,
  markArtifacts: `update artifacts a set removed_at = $2 where a.render_id = any($1::bigint[]) and a.removed_at is null
    and not exists (select 1 from delivery_parts p join deliveries d on d.id = p.delivery_id where p.render_id = a.render_id and d.state in ${openStates})`,
  // What the page showed while it was drawn is people's data, too; that it was proven, and how, stands with the proofs.
  stripEvidence: `update renders r set evidence = evidence || '{"requests": [], "elements": {}, "csv": null}'
    where r.id = any($1::bigint[]) and evidence is not null
      and not exists (select 1 from artifacts a where a.render_id = r.id and a.removed_at is null)`,
  markMessages: `update messages set removed_at = $2 where delivery_id in (
    select d.id from messages m join deliveries d on d.id = m.delivery_id
    where m.removed_at is null and d.state not in ${openStates} and coalesce(d.finished_at, d.created_at) < $1
    order by d.id limit $3 for update of d skip locked) and removed_at is null`,
  dropDeliveries: `delete from deliveries where id in (
    select d.id from deliveries d where d.created_at < $1 and coalesce(d.finished_at, d.created_at) < $1 and d.state not in ${openStates}
    order by d.created_at limit $2 for update skip locked)`,
  dropRenders: `delete from renders where id in (
    select r.id from renders r where r.wanted_at < $1 and coalesce(r.finished_at, r.wanted_at) < $1 and r.state <> 'drawing'
      and not exists (select 1 from delivery_parts p where p.render_id = r.id)
    order by r.id limit $2 for update skip locked)`,
  dropAlerts: `delete from alerts where id in (
    select a.id from alerts a where a.recovered_at < $1 and a.settled_at is not null order by a.id limit $2 for update skip locked)`,
  dropAudit: `delete from audit where id in (select a.id from audit a where a.at < $1 order by a.at limit $2 for update skip locked)`,
  owe: "insert into removals (path) values ($1) on conflict (path) do nothing",
  owed: "select path from removals where not_before <= now() order by not_before, path limit $1",
  owedOf: "select path from removals where path = any($1::text[])",
  isNamed: `select exists (select 1 from artifacts a where a.path = $1 and a.removed_at is null)
    or exists (select 1 from messages m where m.path = $1 and m.removed_at is null) as is_named`,
  settled: "delete from removals where path = $1",
  // It rests the longer the more often it failed: one file that can't be removed keeps no other from it.
  refused: `update removals set tries = tries + 1, words = $2, not_before = now() + least(60, power(2, tries)) * interval '1 minute'
    where path = $1`,
  unnamed: `select k.path from unnest($1::text[]) k(path)
    where not exists (select 1 from artifacts a where a.path = k.path and a.removed_at is null)
      and not exists (select 1 from messages m where m.path = k.path and m.removed_at is null)`,
};

/** Until when something is kept, and how many are taken at a time. */
export interface Bound {
  /** What ended before this goes. */
  readonly before: Temporal.Instant;
  readonly now: Temporal.Instant;
  readonly limit: number;
}

/** Marks artifacts of old renders that no open delivery needs; how many renders were looked at, at most `limit`. */
export const retireArtifacts = (pool: Pool, { before, now, limit }: Bound): Promise<number> =>
  transaction(pool, async (db) => {
    const map = (row: Parameters<typeof text>[0]) => text(row, "id");
    const ids = await many(db, { text: statements.oldRenders, values: [at(before), limit], map });
    if (ids.length > 0) await retireRenders(db, ids, now);
    return ids.length;
  });

/** Marks the artifacts of these renders, whose rows are locked, unless an open delivery needs them; how many. */
export const retireRenders = async (db: Session, ids: readonly string[], now: Temporal.Instant): Promise<number> => {
  const marked = await changed(db, statements.markArtifacts, [ids, at(now)]);
  await db.query(statements.stripEvidence, [ids]);
  return marked;
};

/** Marks the emails of deliveries that ended long ago; how many. */
export const retireMessages = (db: Db, { before, now, limit }: Bound): Promise<number> =>
  changed(db, statements.markMessages, [at(before), at(now), limit]);

/** Drops deliveries that ended long ago, with all that is recorded of them; how many. */
export const dropDeliveries = (db: Db, { before, limit }: Bound): Promise<number> =>
  changed(db, statements.dropDeliveries, [at(before), limit]);

/** Drops old renders that no delivery names; how many. */
export const dropRenders = (db: Db, { before, limit }: Bound): Promise<number> =>
  changed(db, statements.dropRenders, [at(before), limit]);

/** Drops alerts that were over long ago; how many. */
export const dropAlerts = (db: Db, { before, limit }: Bound): Promise<number> =>
  changed(db, statements.dropAlerts, [at(before), limit]);

/** Drops old records of changes; how many. */
export const dropAudit = (db: Db, { before, limit }: Bound): Promise<number> =>
  changed(db, statements.dropAudit, [at(before), limit]);

/** Notes bytes that nothing names, so that they are removed. */
export const oweRemoval = async (db: Db, path: string): Promise<void> => {
  await db.query(statements.owe, [path]);
};

/** Paths of bytes to be removed, those first that have waited longest. */
export const owedRemovals = (db: Db, limit: number): Promise<string[]> =>
  many(db, { text: statements.owed, values: [limit], map: (row) => text(row, "path") });

/** Those of some paths whose bytes are still to be removed. */
export const stillOwed = (db: Db, paths: readonly string[]): Promise<string[]> =>
  many(db, { text: statements.owedOf, values: [paths], map: (row) => text(row, "path") });

/** Whether any row names these bytes. */
export const isNamed = async (db: Db, path: string): Promise<boolean> =>
  (await one(db, { text: statements.isNamed, values: [path], map: (row) => row["is_named"] === true })) ?? false;

/** The bytes are gone, or are named again. */
export const settleRemoval = async (db: Db, path: string): Promise<void> => {
  await db.query(statements.settled, [path]);
};

/** The bytes could not be removed, with why; they are tried again. */
export const refuseRemoval = async (db: Db, path: string, words: string): Promise<void> => {
  await db.query(statements.refused, [path, words.slice(0, 500)]);
};

/** Those of some keys that no row names. */
export const unnamedOf = (db: Db, paths: readonly string[]): Promise<string[]> =>
  many(db, { text: statements.unnamed, values: [paths], map: (row) => text(row, "path") });

import type { Temporal } from "#model/time.ts";
import { at, type Db, instantOrNull, many, number, one } from "#store/db.ts";

/** Every statement about which drawings were proven; a test prepares each. */
export const statements = {
  drawings: `select p.part, r.finished_at from delivery_parts p join renders r on r.id = p.render_id where p.delivery_id = $1`,
  keep: "update delivery_parts set proven_of = $3 where delivery_id = $1 and part = $2",
  outdated: `select count(*) as outdated from delivery_parts p join renders r on r.id = p.render_id
    where p.delivery_id = $1 and (r.state in ('wanted', 'drawing') or r.finished_at is distinct from p.proven_of)`,
  // Whoever tries it again later would send a message that is there as it is.
  holdBack: `with held as (
      update deliveries set state = 'quarantined', reason = $2, owner = null, deadline = null
      where id = $1 and state in ('proven', 'composed') and not trial and released_by is null returning id)
    delete from messages where delivery_id in (select id from held)`,
};

/** When a part's render was drawn; `null`: never. */
export interface Drawing {
  readonly part: number;
  readonly drawnAt: Temporal.Instant | null;
}

/** The drawings that a delivery's renders have now. */
export const drawingsOf = (db: Db, deliveryId: string): Promise<Drawing[]> =>
  many(db, {
    text: statements.drawings,
    values: [deliveryId],
    map: (row) => ({ part: number(row, "part"), drawnAt: instantOrNull(row, "finished_at") }),
  });

/** Keeps which drawings a delivery's proof was about. */
export const keepProven = async (db: Db, deliveryId: string, drawings: readonly Drawing[]): Promise<void> => {
  for (const { part, drawnAt } of drawings) await db.query(statements.keep, [deliveryId, part, at(drawnAt)]);
};

/** Holds back what was proven but has not begun to leave, and forgets what was written of it; what an operator has released stays as it is. */
export const holdBack = async (db: Db, deliveryId: string, reason: string): Promise<void> => {
  await db.query(statements.holdBack, [deliveryId, reason]);
};

/** True when something of a delivery was drawn anew since its proof, or is about to be. */
export const isOutdated = async (db: Db, deliveryId: string): Promise<boolean> =>
  ((await one(db, { text: statements.outdated, values: [deliveryId], map: (row) => number(row, "outdated") })) ?? 0) >
  0;

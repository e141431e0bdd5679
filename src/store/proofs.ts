import { type Db, instantOrNull, many, number, one } from "#store/db.ts";
import type { Drawing } from "#store/deliveries.ts";
import { type RenderRow, toRender } from "#store/renders.ts";

/** Every statement about which drawings were proven; a test prepares each. */
export const statements = {
  drawings: "select p.part, r.* from delivery_parts p join renders r on r.id = p.render_id where p.delivery_id = $1",
  outdated: `select count(*) as outdated from delivery_parts p join renders r on r.id = p.render_id
    where p.delivery_id = $1 and (r.state in ('wanted', 'drawing') or r.finished_at is distinct from p.proven_of)`,
  // Whoever tries it again later would send a message that is there as it is.
  holdBack: `with held as (
      update deliveries set state = 'quarantined', reason = $2, owner = null, deadline = null
      where id = $1 and state in ('proven', 'composed') and not trial and released_by is null returning id)
    delete from messages where delivery_id in (select id from held)`,
};

/** The renders of a delivery's parts as they are now, with when each was drawn. */
export const drawingsOf = (db: Db, deliveryId: string): Promise<(Drawing & { readonly render: RenderRow })[]> =>
  many(db, {
    text: statements.drawings,
    values: [deliveryId],
    map: (row) => ({ part: number(row, "part"), drawnAt: instantOrNull(row, "finished_at"), render: toRender(row) }),
  });

/** Holds back what was proven but has not begun to leave, and forgets what was written of it; what an operator has released stays as it is. */
export const holdBack = async (db: Db, deliveryId: string, reason: string): Promise<void> => {
  await db.query(statements.holdBack, [deliveryId, reason]);
};

/** True when something of a delivery was drawn anew since its proof, or is about to be. */
export const isOutdated = async (db: Db, deliveryId: string): Promise<boolean> =>
  ((await one(db, { text: statements.outdated, values: [deliveryId], map: (row) => number(row, "outdated") })) ?? 0) >
  0;

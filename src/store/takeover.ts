import { changed, type Db, many, type Row, text } from "#store/db.ts";
import type { WorkAsk } from "#store/deliveries.ts";

/** Every statement about work whose worker ended without a word; a test prepares each. The database's clock says when. */
export const statements = {
  wornRenders: `update renders set state = 'faulted', reason = $2, dead_owners = dead_owners + 1, owner = null, lease_until = null, finished_at = now()
    where state = 'drawing' and lease_until < now() and dead_owners + 1 >= $1 returning id`,
  renders: `update renders set state = 'wanted', dead_owners = dead_owners + 1, owner = null, lease_until = null
    where state = 'drawing' and lease_until < now() returning id`,
  wornDeliveries: `update deliveries set state = 'failed', reason = $2, dead_owners = 0, owner = null, deadline = null, finished_at = now()
    where state in ('drawn', 'proven') and deadline < now() and dead_owners + 1 >= $1 returning id`,
  deliveries: `update deliveries set dead_owners = dead_owners + 1, owner = null, deadline = null
    where state in ('drawn', 'proven') and deadline < now() returning id`,
  renew: `update deliveries set deadline = now() + $3 * interval '1 ms' where id = $1 and owner = $2 and state in ('drawn', 'proven')`,
};

/** What was taken from dead workers, by id. */
export interface Taken {
  /** Free for anybody again. */
  readonly again: readonly string[];
  /** Given up: it is what its workers die of. */
  readonly worn: readonly string[];
}

const ids = (db: Db, statement: string, values: unknown[]): Promise<string[]> =>
  many(db, { text: statement, values, map: (row: Row) => text(row, "id") });

/** Takes back what dead workers were drawing; a render that `most` of them died over is given up. */
export const takeRenders = async (db: Db, most: number): Promise<Taken> => {
  const worn = await ids(db, statements.wornRenders, [most, `its worker ended ${most} times while drawing it`]);
  return { worn, again: await ids(db, statements.renders, []) };
};

/** Takes back what dead workers were writing; a delivery that `most` of them died over is given up. */
export const takeDeliveries = async (db: Db, most: number): Promise<Taken> => {
  const worn = await ids(db, statements.wornDeliveries, [most, `its worker ended ${most} times while writing it`]);
  return { worn, again: await ids(db, statements.deliveries, []) };
};

/** Lengthens the lease of who writes a delivery; false when it was lost. */
export const renewWriting = async (db: Db, id: string, ask: Pick<WorkAsk, "owner" | "leaseMs">): Promise<boolean> =>
  (await changed(db, statements.renew, [id, ask.owner, ask.leaseMs])) > 0;

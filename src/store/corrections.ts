import type { Temporal } from "#model/time.ts";
import { at, type Db, many, number, one, text } from "#store/db.ts";

/** Every statement about corrections; a test prepares each. */
export const statements = {
  lock: "select id from slots where id = $1 for update",
  known: "select n from corrections where slot_id = $1 and reason = $2",
  put: `insert into corrections (slot_id, n, reason, by, at)
    values ($1, (select coalesce(max(n), 0) + 1 from corrections where slot_id = $1), $2, $3, $4) returning n`,
  sent: `select d.id, m.message_id from deliveries d join messages m on m.delivery_id = d.id
    where d.slot_id = $1 and d.state = 'sent' order by d.id`,
};

/** Who corrects, why and when. */
export interface CorrectionAsk {
  readonly slotId: string;
  readonly reason: string;
  readonly by: string;
  readonly now: Temporal.Instant;
}

/** The number of a slot's correction: that of the same reason where there is one, so that asking twice sends once. Call it in a transaction. */
export const numberCorrection = async (db: Db, { slotId, reason, by, now }: CorrectionAsk): Promise<number> => {
  await db.query(statements.lock, [slotId]);
  const map = (row: Parameters<typeof number>[0]) => number(row, "n");
  const known = await one(db, { text: statements.known, values: [slotId, reason], map });
  return known ?? (await one(db, { text: statements.put, values: [slotId, reason, by, at(now)], map })) ?? 0;
};

/** The deliveries of a slot that were sent, with their emails' Message-IDs. */
export const sentMessages = async (db: Db, slotId: string): Promise<ReadonlyMap<string, string>> =>
  new Map(
    await many(db, {
      text: statements.sent,
      values: [slotId],
      map: (row) => [text(row, "id"), text(row, "message_id")] as const,
    }),
  );

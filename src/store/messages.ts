import type { ShownFact, StoredMessage } from "#model/message.ts";
import { as, changed, type Db, json, one, text } from "#store/db.ts";

/** Every statement about messages; a test prepares each. */
export const statements = {
  put: `with composed as (
      update deliveries set state = 'composed', reason = null, finished_at = null, owner = null, deadline = null, facts = $9, notes = $10
        where id = $1 and state = 'proven' returning id)
    insert into messages (delivery_id, message_id, sender, recipients, subject, path, sha256, bytes)
    select id, $2, $3, $4::text[], $5, $6, $7, $8::bigint from composed
    on conflict (delivery_id) do update set sender = excluded.sender, recipients = excluded.recipients,
      subject = excluded.subject, path = excluded.path, sha256 = excluded.sha256, bytes = excluded.bytes, removed_at = null`,
  installation: "select id from installation",
  forget: "delete from messages where delivery_id = $1",
  byDelivery: "select * from messages where delivery_id = $1",
};

/** A message's row: its bytes lie in the artifact bucket under `path`. */
export interface MessageRow extends Omit<StoredMessage, "bytes"> {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** The figures that a message shows, and what the operator should know of it. */
export interface Shown {
  readonly facts: readonly ShownFact[];
  readonly notes: readonly string[];
}

/** Records what will be sent, and that a proven delivery is composed; false when somebody else moved that first, and then nothing is recorded. */
export const putMessage = async (db: Db, message: MessageRow, { facts, notes }: Shown): Promise<boolean> => {
  const { deliveryId, messageId, from, recipients, subject, path, sha256, size } = message;
  const values = [deliveryId, messageId, from, recipients, subject, path, sha256, size, json(facts), json(notes)];
  return (await changed(db, statements.put, values)) > 0;
};

/** The message of a delivery, or `null` before it was composed. */
export const messageOf = (db: Db, deliveryId: string): Promise<MessageRow | null> =>
  one(db, {
    text: statements.byDelivery,
    values: [deliveryId],
    map: (row) => ({
      deliveryId: text(row, "delivery_id"),
      messageId: text(row, "message_id"),
      from: text(row, "sender"),
      recipients: as<string[]>(row, "recipients"),
      subject: text(row, "subject"),
      path: text(row, "path"),
      sha256: text(row, "sha256"),
      size: Number(row["bytes"]),
    }),
  });

/** Forgets a message whose bytes are lost, so that a retry writes it anew. */
export const forgetMessage = async (db: Db, deliveryId: string): Promise<void> => {
  await db.query(statements.forget, [deliveryId]);
};

/** A short name of this database, which no other has: ids of deliveries begin anew with each. */
export const installationOf = async (db: Db): Promise<string> =>
  ((await one(db, { text: statements.installation, values: [], map: (row) => text(row, "id") })) ?? "").slice(0, 8);

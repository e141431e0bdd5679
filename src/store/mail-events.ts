import type { DeliveryState } from "#model/delivery.ts";
import type { Temporal } from "#model/time.ts";
import { as, at, changed, type Db, instant, many, number, one, type Row, text } from "#store/db.ts";

/** Every statement about what is told of emails after they were handed over; a test prepares each. */
export const statements = {
  put: `insert into mail_events (key, delivery_id, kind, email, words, at) values ($1, $2, $3, $4, $5, $6)
    on conflict (key) do nothing`,
  ofDelivery: "select * from mail_events where delivery_id = $1 order by at, id",
  proof: `select kind, words from mail_events where delivery_id = $1 and kind not in ('dropped', 'unsubscribed')
    order by at, id limit 1`,
  lockById: `select d.id, d.state, d.slot_id, d.attempts, d.envelope ->> 'to' as email, m.message_id, m.sha256, m.recipients
    from deliveries d join messages m on m.delivery_id = d.id where d.id = $1 for update of d`,
  recipients: "select recipients from messages where delivery_id = $1",
  note: `update deliveries set reason = case when reason is null then $2 when position($2 in reason) > 0 then reason
      else reason || '; ' || $2 end where id = $1 and state = 'sent'`,
  confirm: `update deliveries set state = 'sent', receipt = $2, reason = null, finished_at = $3, owner = null, deadline = null,
      not_before = null where id = $1 and (state = 'uncertain' or (state = 'composed' and exists
        (select 1 from attempts a where a.delivery_id = deliveries.id and a.n = deliveries.attempts and a.outcome = 'unknown')))`,
  dropUncertain: `update deliveries set state = 'failed', reason = $2, finished_at = $3, owner = null, deadline = null
    where id = $1 and state = 'uncertain'`,
};

/**
 * What was told of an email: `taken` by the mail service, `delivered` into the mailbox, `deferred`; came back for good (`bounced`) or for
 * now (`refused`); `dropped` by the mail service unsent; called spam (`complained`); `unsubscribed`.
 */
export type MailEventKind =
  | "taken"
  | "delivered"
  | "deferred"
  | "bounced"
  | "refused"
  | "dropped"
  | "complained"
  | "unsubscribed";

/** Something that was told of one email. */
export interface MailEvent {
  /** The same for the same news told again. */
  readonly key: string;
  readonly deliveryId: string;
  readonly kind: MailEventKind;
  readonly email: string;
  readonly words: string;
  readonly at: Temporal.Instant;
}

/** Keeps an event; false when it was told before. */
export const putMailEvent = async (db: Db, event: MailEvent): Promise<boolean> => {
  const { key, deliveryId, kind, email, words, at: when } = event;
  return (await changed(db, statements.put, [key, deliveryId, kind, email, words, at(when)])) > 0;
};

const toEvent = (row: Row): MailEvent => ({
  key: text(row, "key"),
  deliveryId: text(row, "delivery_id"),
  kind: as<MailEventKind>(row, "kind"),
  email: text(row, "email"),
  words: text(row, "words"),
  at: instant(row, "at"),
});

/** Everything that was told of a delivery, in the order in which it happened. */
export const mailEventsOf = (db: Db, deliveryId: string): Promise<MailEvent[]> =>
  many(db, { text: statements.ofDelivery, values: [deliveryId], map: toEvent });

/** What proves that a delivery was taken, in words; `null`: nothing was told of it. */
export const proofOfTaking = (db: Db, deliveryId: string): Promise<string | null> =>
  one(db, {
    text: statements.proof,
    values: [deliveryId],
    map: (row) => [text(row, "kind"), text(row, "words")].filter((part) => part !== "").join(": "),
  });

/** Whom a delivery's email was sent to; nobody, where there is none. */
export const recipientsOf = async (db: Db, deliveryId: string): Promise<readonly string[]> => {
  const map = (row: Row): string[] => as<string[]>(row, "recipients");
  return (await one(db, { text: statements.recipients, values: [deliveryId], map })) ?? [];
};

/** A delivery that something is told of. */
export interface ToldOf {
  readonly id: string;
  readonly state: DeliveryState;
  readonly slotId: string | null;
  readonly attempts: number;
  /** Its own address, without copies. */
  readonly email: string;
  readonly messageId: string;
  readonly sha256: string;
  readonly recipients: readonly string[];
}

/** The delivery with its message, locked so that its sender and the news of it take turns; `null`: there is none. */
export const lockToldOf = (db: Db, deliveryId: string): Promise<ToldOf | null> =>
  one(db, {
    text: statements.lockById,
    values: [deliveryId],
    map: (row) => ({
      id: text(row, "id"),
      state: as<DeliveryState>(row, "state"),
      slotId: as<string | null>(row, "slot_id"),
      attempts: number(row, "attempts"),
      email: text(row, "email"),
      messageId: text(row, "message_id"),
      sha256: text(row, "sha256"),
      recipients: as<string[]>(row, "recipients"),
    }),
  });

/** Adds a sentence to what is recorded about a sent delivery, once. */
export const noteOnSent = async (db: Db, deliveryId: string, words: string): Promise<void> => {
  await db.query(statements.note, [deliveryId, words]);
};

/** Turns an uncertain delivery, or one that waits to be sent again, into a sent one. */
export const confirmDelivery = async (
  db: Db,
  deliveryId: string,
  receipt: { readonly words: string; readonly now: Temporal.Instant },
): Promise<boolean> => {
  const kept = JSON.stringify({ words: receipt.words, note: null });
  return (await changed(db, statements.confirm, [deliveryId, kept, at(receipt.now)])) > 0;
};

/** Ends an uncertain delivery of which the mail service says that it dropped it. */
export const failDropped = async (
  db: Db,
  deliveryId: string,
  told: { readonly words: string; readonly now: Temporal.Instant },
): Promise<boolean> => (await changed(db, statements.dropUncertain, [deliveryId, told.words, at(told.now)])) > 0;

import type { Delivery } from "#model/delivery.ts";
import type { Temporal } from "#model/time.ts";
import { as, at, changed, type Db, json, many, number, one, text, textOrNull } from "#store/db.ts";
import { deliveryColumns, toDelivery, type WorkAsk } from "#store/deliveries.ts";

/** A preview is written to be looked at and never sent. */
const isSendable = `d.state = 'composed' and (d.not_before is null or d.not_before <= $1)
      and ($2::text is null or d.occasion = $2) and d.occasion not like 'preview:%'
      and d.stopped_at is null and not d.waits_for_wave and (d.trial or exists (select 1 from installation i where i.id = $3::uuid))
      and (d.trial or not exists (select 1 from reports r where r.name = d.report and r.mailer <> $4))`;

const endAttempt = `update attempts set finished_at = $3, outcome = $4, words = $5
    where delivery_id = $1 and n = $2 and (outcome is null or outcome in ('dead-owner', 'unknown'))`;

/** Every statement about sending deliveries and their tries; a test prepares each. */
export const statements = {
  waiting: `select d.trial from deliveries d where ${isSendable} order by d.id limit 1`,
  // The turn was taken for a file or for an email that leaves, and is only good for one of these.
  sendable: `select ${deliveryColumns} from deliveries d where ${isSendable} and d.trial = $5 order by d.id for update of d skip locked limit 1`,
  begin: `with begun as (update deliveries set state = 'sending', attempts = attempts + 1, owner = $2, reason = null,
      deadline = now() + $3 * interval '1 ms' where id = $1 and state = 'composed' returning id, attempts)
    insert into attempts (delivery_id, n, owner, started_at) select id, attempts, $2, $4 from begun returning n`,
  endAttempt,
  // A try at which the mailer was away says nothing about the email.
  counted: "select count(*)::int as tries from attempts where delivery_id = $1 and outcome is distinct from 'away'",
  // A try without an answer is one email or none; one whose receipt came late is one.
  unanswered: "select n from attempts where delivery_id = $1 and n < $2 and outcome in ('unknown', 'sent') order by n",
  sent: `with ended as (${endAttempt})
    update deliveries set state = 'sent', receipt = $6, finished_at = $3, owner = null, deadline = null, reason = $7
      where id = $1 and attempts = $2 and state in ('sending', 'uncertain')`,
  again: `update deliveries set state = 'composed', not_before = $3, reason = $4, owner = null, deadline = null
    where id = $1 and attempts = $2 and state = 'sending'`,
  end: `update deliveries set state = $3, reason = $4, finished_at = $5, owner = null, deadline = null
    where id = $1 and attempts = $2 and state = 'sending'`,
  lock: "select id from deliveries where id = $1 for update",
  resolveSent: `update deliveries set state = 'sent', receipt = $2, reason = $3, finished_at = $4 where id = $1 and state = 'uncertain'`,
  resolveFailed: `update deliveries set state = 'failed', reason = $2, finished_at = $3 where id = $1 and state = 'uncertain'`,
  resolveAgain: `update deliveries set state = 'composed', reason = $2, finished_at = null, not_before = null,
      expires_at = greatest(expires_at, $3) where id = $1 and state = 'uncertain'`,
  audit: `insert into audit (actor, "table", row_id, action, before, after) values ($1, 'deliveries', $2, 'update', $3, $4)`,
  orphans: `select d.id from deliveries d where d.state = 'sending' and d.deadline + $1 * interval '1 ms' < now() order by d.id`,
  attempts: "select * from attempts where delivery_id = $1 order by n",
  release: `update deliveries set state = 'proven', released_by = $2, reason = null where id = $1 and state = 'quarantined'`,
  replan: `update deliveries set state = 'planned', reason = null, finished_at = null, not_before = null,
      expires_at = greatest(expires_at, $2) where id = $1 and state in ('failed', 'quarantined', 'expired')`,
  resend: `update deliveries set state = 'composed', reason = null, finished_at = null, not_before = null,
      expires_at = greatest(expires_at, $2) where id = $1 and state in ('failed', 'uncertain', 'expired')
      and not exists (select 1 from messages m where m.delivery_id = deliveries.id and m.removed_at is not null)`,
};

/** Which deliveries may go out. */
export interface Sendable extends Pick<WorkAsk, "occasion" | "now"> {
  /** The id of the installation that this process belongs to; `null`: only mail in trial may leave, since the database isn't ours. */
  readonly installation: string | null;
  /** How live emails leave here: those of a report that names another way aren't taken. */
  readonly mailer: string;
}

const sendableValues = ({ now, occasion, installation, mailer }: Sendable) => [at(now), occasion, installation, mailer];

/** Whether the next delivery that may go out is one in trial; `null`: there is none. It isn't locked, and may be another one by the time it is. */
export const nextSendable = (db: Db, ask: Sendable): Promise<{ readonly trial: boolean } | null> =>
  one(db, {
    text: statements.waiting,
    values: sendableValues(ask),
    map: (row) => ({ trial: as<boolean>(row, "trial") }),
  });

/** The next composed delivery of these that may go out, locked until the transaction ends. */
export const lockSendable = (db: Db, ask: Sendable & { readonly trial: boolean }): Promise<Delivery | null> =>
  one(db, { text: statements.sendable, values: [...sendableValues(ask), ask.trial], map: toDelivery });

/** Commits to sending: state, counter, deadline and the attempt's row, in the caller's transaction. The attempt's number. */
export const beginSending = async (db: Db, id: string, ask: Omit<WorkAsk, "occasion">): Promise<number> => {
  const values = [id, ask.owner, ask.leaseMs, at(ask.now)];
  return (await one(db, { text: statements.begin, values, map: (row) => number(row, "n") })) ?? 0;
};

/** One try of a delivery: `n` is the fence. */
export interface Try {
  readonly id: string;
  readonly n: number;
  readonly now: Temporal.Instant;
}

/** Records that a try was accepted, at once; also turns an uncertain delivery into a sent one. False when `n` is no longer the newest. */
export const markSent = async (
  db: Db,
  { id, n, now }: Try,
  receipt: { readonly words: string; readonly note: string | null },
): Promise<boolean> => {
  const values = [id, n, at(now), "sent", receipt.words, json(receipt), receipt.note];
  return (await changed(db, statements.sent, values)) > 0;
};

/** Holds a delivery while its outcome is decided, so that news of it waits its turn. */
export const lockDelivery = async (db: Db, id: string): Promise<void> => {
  await db.query(statements.lock, [id]);
};

/** How many of a delivery's tries count: those at which its mailer was there, and one that is under way. */
export const countedTries = async (db: Db, id: string): Promise<number> =>
  (await one(db, { text: statements.counted, values: [id], map: (row) => number(row, "tries") })) ?? 0;

/** The earlier tries of a delivery that nobody answered: each may be an email in the mailbox. */
export const unansweredTries = (db: Db, id: string, n: number): Promise<number[]> =>
  many(db, { text: statements.unanswered, values: [id, n], map: (row) => number(row, "n") });

/** Records a try that failed for now; the delivery waits until `notBefore`. */
export const sendAgain = async (
  db: Db,
  { id, n, now }: Try,
  next: {
    readonly notBefore: Temporal.Instant;
    readonly words: string;
    readonly outcome: "temporary" | "away" | "unknown" | "dead-owner";
  },
): Promise<boolean> => {
  const { notBefore, words, outcome } = next;
  await db.query(statements.endAttempt, [id, n, at(now), outcome, words]);
  return (await changed(db, statements.again, [id, n, at(notBefore), words])) > 0;
};

/** Records a try after which nothing follows by itself: failed, or uncertain. */
export const endSending = async (
  db: Db,
  { id, n, now }: Try,
  {
    state,
    words,
    outcome,
  }: {
    readonly state: "failed" | "uncertain";
    readonly words: string;
    readonly outcome: "refused" | "temporary" | "away" | "unknown" | "dead-owner";
  },
): Promise<boolean> => {
  await db.query(statements.endAttempt, [id, n, at(now), outcome, words]);
  return (await changed(db, statements.end, [id, n, state, words, state === "failed" ? at(now) : null])) > 0;
};

/** Deliveries whose sender is dead: their deadline and the send limit have passed by the database's clock. */
export const orphanedSends = (db: Db, sendLimitMs: number): Promise<string[]> =>
  many(db, { text: statements.orphans, values: [sendLimitMs], map: (row) => text(row, "id") });

/** The tries of a delivery, oldest first. */
export const attemptsOf = (
  db: Db,
  deliveryId: string,
): Promise<{ readonly n: number; readonly outcome: string | null; readonly words: string | null }[]> =>
  many(db, {
    text: statements.attempts,
    values: [deliveryId],
    map: (row) => ({ n: number(row, "n"), outcome: textOrNull(row, "outcome"), words: textOrNull(row, "words") }),
  });

/** An operator's verbs: false when the delivery was not in a state that allows it. */
export const releaseDelivery = async (db: Db, id: string, by: string): Promise<boolean> =>
  (await changed(db, statements.release, [id, by])) > 0;

/** Plans a failed, quarantined or expired delivery anew: it is drawn again. */
export const replanDelivery = async (db: Db, id: string, expiresAt: Temporal.Instant): Promise<boolean> =>
  (await changed(db, statements.replan, [id, at(expiresAt)])) > 0;

/** Lets a composed message that failed, expired or is uncertain go out again as it is. */
export const resendDelivery = async (db: Db, id: string, expiresAt: Temporal.Instant): Promise<boolean> =>
  (await changed(db, statements.resend, [id, at(expiresAt)])) > 0;

/** What an operator decided about an uncertain delivery. */
export interface Resolution {
  readonly id: string;
  readonly as: "sent" | "failed" | "composed";
  readonly by: string;
  readonly reason: string;
  readonly now: Temporal.Instant;
  /** For one that is sent again. */
  readonly expiresAt: Temporal.Instant;
}

/** Ends an operator's question about an uncertain delivery, and keeps who decided it; false when it isn't uncertain any more. */
export const resolveUncertain = async (db: Db, resolution: Resolution): Promise<boolean> => {
  const { id, as: state, by, reason } = resolution;
  if ((await changeUncertain(db, resolution)) === 0) return false;
  await db.query(statements.audit, [by, id, json({ state: "uncertain" }), json({ state, reason })]);
  return true;
};

const changeUncertain = (db: Db, { id, as: state, by, reason, now, expiresAt }: Resolution): Promise<number> => {
  const words = `${by}: ${reason}`;
  switch (state) {
    case "sent":
      return changed(db, statements.resolveSent, [id, json({ words, note: null }), words, at(now)]);
    case "failed":
      return changed(db, statements.resolveFailed, [id, words, at(now)]);
    case "composed":
      return changed(db, statements.resolveAgain, [id, words, at(expiresAt)]);
  }
};

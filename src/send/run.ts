import { createHash } from "node:crypto";
import type { Bucket } from "#bucket/port.ts";
import type { Delivery } from "#model/delivery.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import type { StoredMessage } from "#model/message.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { within } from "#runtime/timeout.ts";
import { afterFault, beforeSending } from "#send/plan.ts";
import type { Mailer, Receipt } from "#send/port.ts";
import { deliveryById, moveDelivery, postponeDelivery, type WorkAsk } from "#store/deliveries.ts";
import { forgetMessage, messageOf } from "#store/messages.ts";
import { outlast } from "#store/outlast.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import { beginSending, endSending, lockSendable, markSent, orphanedSends, sendAgain, type Try } from "#store/sends.ts";

/** What the last look found: still owed, or not as it was frozen. */
export type LastLook = { readonly verdict: "still" } | { readonly verdict: "skip" | "anew"; readonly reason: string };

/** What posting uses. */
export interface PostParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly artifacts: Bucket;
  /** The outbox for a report in trial, the configured mailer for a live one. */
  readonly mailerFor: (delivery: Delivery) => Mailer;
  readonly sendAttempts: number;
  readonly look: (db: Session, delivery: Delivery) => Promise<LastLook>;
}

/** A delivery that is committed to the wire. */
interface Committed {
  readonly delivery: Delivery;
  readonly message: StoredMessage;
  readonly n: number;
}

/** Sends the next composed delivery; false when there is none. `sending` is committed before the wire is touched. */
export const postNext = async (ask: WorkAsk, parts: PostParts, signal: AbortSignal): Promise<boolean> => {
  const committed = await commit(ask, parts);
  if (committed === null) return false;
  if (committed !== "settled") await deliver(committed, { ask, parts, signal });
  return true;
};

/** A delivery over which the last look stumbles waits a minute, so that those behind it have their turn. */
const commit = async (ask: WorkAsk, parts: PostParts): Promise<Committed | "settled" | null> => {
  const taken: { id: string | null } = { id: null };
  try {
    return await commitNext(ask, parts, taken);
  } catch (error) {
    const isOfDatabase = isFault(error, "store.unreachable") || isFault(error, "run.timeout");
    if (taken.id !== null && !isOfDatabase)
      await postponeDelivery(parts.pool, taken.id, parts.clock.now().add({ minutes: 1 }));
    throw error;
  }
};

const commitNext = (ask: WorkAsk, parts: PostParts, taken: { id: string | null }): ReturnType<typeof commit> =>
  transaction(parts.pool, async (db) => {
    const id = await lockSendable(db, ask);
    taken.id = id;
    const delivery = id === null ? null : await deliveryById(db, id);
    if (delivery === null) return null;
    const reason = await whyNot(db, delivery, parts);
    if (reason !== null) {
      await moveDelivery(db, { id: delivery.id, from: "composed", ...reason, finishedAt: parts.clock.now() });
      return "settled";
    }
    const message = await storedMessage(db, delivery, parts);
    if (message === null) {
      // Thrown instead, it would be the next one again for ever, and nobody behind it would get an email.
      const reason = `its written email is not in the artifact folder as it was written; write it anew: daybreak deliveries retry ${delivery.id}`;
      parts.log.error("delivery.message-lost", { delivery: delivery.id });
      await forgetMessage(db, delivery.id);
      await moveDelivery(db, {
        id: delivery.id,
        from: "composed",
        to: "failed",
        reason,
        finishedAt: parts.clock.now(),
      });
      return "settled";
    }
    const n = await beginSending(db, delivery.id, ask);
    return { delivery, message, n };
  });

type Ended = { readonly to: "expired" | "skipped" | "superseded"; readonly reason: string };

const whyNot = async (db: Session, delivery: Delivery, parts: PostParts): Promise<Ended | null> => {
  const { expiresAt, attempts } = delivery;
  const now = parts.clock.now();
  // The bound on tries was kept when the last one failed; an operator may ask for one more.
  const ask = beforeSending({ now, expiresAt, notBefore: null, attempts, maxAttempts: Number.POSITIVE_INFINITY });
  if (ask.do !== "send") return { to: "expired", reason: ask.reason };
  const look = await parts.look(db, delivery);
  if (look.verdict === "still") return null;
  return { to: look.verdict === "skip" ? "skipped" : "superseded", reason: look.reason };
};

/** The email as it was written; `null` when its file is gone or isn't what was written. */
const storedMessage = async (db: Session, delivery: Delivery, parts: PostParts): Promise<StoredMessage | null> => {
  const row = await messageOf(db, delivery.id);
  const bytes = row === null ? null : await parts.artifacts.get(row.path);
  if (row === null || bytes === null || createHash("sha256").update(bytes).digest("hex") !== row.sha256) return null;
  return { ...row, bytes };
};

interface Wire {
  readonly ask: WorkAsk;
  readonly parts: PostParts;
  readonly signal: AbortSignal;
}

const graceMs = 5_000;

const deliver = async ({ delivery, message, n }: Committed, { ask, parts, signal }: Wire): Promise<void> => {
  const attempt = (): Try => ({ id: delivery.id, n, now: parts.clock.now() });
  let store: () => Promise<boolean>;
  try {
    // The mailer keeps the limit and the signal itself, and says how far it came; this bound is only for one that hangs all the same.
    const bound = { ms: ask.leaseMs + graceMs, name: "the sending", setting: "limits.sendLimitMs" };
    const receipt = await within(bound, () => parts.mailerFor(delivery).send(message, signal));
    parts.log.info("delivery.sent", { delivery: delivery.id, n, words: receipt.words });
    store = () =>
      transaction(parts.pool, (db) => markSent(db, attempt(), { words: receipt.words, note: partly(receipt) }));
  } catch (error) {
    store = () => settle(error, delivery, { attempt, parts });
  }
  // While the database is away the outcome is kept here and offered again.
  const tell = (error: unknown): void => parts.log.error("delivery.receipt-kept", { delivery: delivery.id, error });
  if (!(await outlast(store, { tell }))) parts.log.warn("delivery.fenced", { delivery: delivery.id, n });
};

const partly = ({ rejected }: Receipt): string | null =>
  rejected.length === 0 ? null : `refused for ${rejected.map((one) => `${one.address} (${one.words})`).join(", ")}`;

interface Settling {
  readonly attempt: () => Try;
  readonly parts: PostParts;
}

const settle = (error: unknown, delivery: Delivery, { attempt, parts }: Settling): Promise<boolean> => {
  const words = wordsOf(error);
  const decision = afterFault({
    // A time-out or an unforeseen error in the middle of a send may have happened after the server took the message.
    retry: isFault(error) && error.code.startsWith("send.") ? error.retry : "unknown",
    attempts: attempt().n,
    maxAttempts: parts.sendAttempts,
    now: parts.clock.now(),
    expiresAt: delivery.expiresAt,
    random: Math.random(),
  });
  parts.log.warn("delivery.refused", { delivery: delivery.id, n: attempt().n, decision: decision.do, error });
  return transaction(parts.pool, async (db) => {
    if (decision.do === "wait") return sendAgain(db, attempt(), { notBefore: decision.until, words });
    const outcome = decision.do === "uncertain" ? ("unknown" as const) : ("refused" as const);
    const state = decision.do === "uncertain" ? ("uncertain" as const) : ("failed" as const);
    return endSending(db, attempt(), { state, outcome, words: `${words} ${decision.reason}`.trim() });
  });
};

/** Settles deliveries whose sender died while sending: confirmed where the mailer can say so, otherwise uncertain. How many. */
export const settleOrphans = async (sendLimitMs: number, parts: Omit<PostParts, "look">): Promise<number> => {
  const ids = await orphanedSends(parts.pool, sendLimitMs);
  for (const id of ids) {
    try {
      await settleOne(id, parts);
    } catch (error) {
      // One about which its mailer can't be asked now waits for the next sweep, and keeps nobody else from theirs.
      parts.log.error("delivery.orphan-kept", { delivery: id, error });
    }
  }
  return ids.length;
};

const settleOne = async (id: string, parts: Omit<PostParts, "look">): Promise<void> => {
  const delivery = await deliveryById(parts.pool, id);
  if (delivery === null) return;
  const message = await messageOf(parts.pool, id);
  // Without its message, which went with its erased recipient, nobody can be asked.
  const confirmed = message === null ? "cannot-say" : await parts.mailerFor(delivery).confirm(message);
  const attempt = { id, n: delivery.attempts, now: parts.clock.now() };
  parts.log.warn("delivery.orphaned", { delivery: id, confirmed });
  await transaction(parts.pool, (db) => settleOrphan(db, attempt, { confirmed, maxAttempts: parts.sendAttempts }));
};

interface Asked {
  readonly confirmed: boolean | "cannot-say";
  readonly maxAttempts: number;
}

const settleOrphan = (db: Session, attempt: Try, { confirmed, maxAttempts }: Asked): Promise<boolean> => {
  const words = "the process that was sending it ended";
  if (confirmed === true)
    return markSent(db, attempt, { words: `${words}; the mailer confirms that it was taken`, note: null });
  if (confirmed === false && attempt.n >= maxAttempts)
    return endSending(db, attempt, { state: "failed", outcome: "dead-owner", words: `${words}, ${attempt.n} times` });
  if (confirmed === false)
    return sendAgain(db, attempt, { notBefore: attempt.now, words: `${words} before it was taken` });
  const unsure = `${words}, and nobody can say whether it was taken; look into the mailbox, then: daybreak deliveries retry ${attempt.id}`;
  return endSending(db, attempt, { state: "uncertain", outcome: "dead-owner", words: unsure });
};

/** What becomes of a try without a receipt: it waits, it failed, or nobody knows and that is said. */
import type { Delivery } from "#model/delivery.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { afterFault, type FailedTry, type SendDecision } from "#send/plan.ts";
import type { Mailer } from "#send/port.ts";
import { holdTurns } from "#store/budgets.ts";
import type { Db } from "#store/db.ts";
import { deliveryById } from "#store/deliveries.ts";
import { proofOfTaking } from "#store/mail-events.ts";
import { messageOf } from "#store/messages.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import {
  countedTries,
  endSending,
  lockDelivery,
  markSent,
  orphanedSends,
  sendAgain,
  type Try,
  unansweredTries,
} from "#store/sends.ts";

/** What settling uses. */
export interface SettleParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  /** The outbox for a report in trial, the configured mailer for a live one. */
  readonly mailerFor: (delivery: Pick<Delivery, "trial">) => Mailer;
  readonly sendAttempts: number;
  /** What happens to an email that may have been taken: somebody is asked, or it is sent again and may arrive twice. */
  readonly whenUncertain: "ask" | "resend";
}

/** A try that ended with an error. */
export interface Settling {
  readonly delivery: Delivery;
  readonly error: unknown;
  /** In [0, 1): spreads those that failed together. */
  readonly random: number;
}

/** Records a try that failed by what may be done after its fault. False when somebody else settled it before. */
export const settleFault = async (settling: Settling, attempt: Try, parts: SettleParts): Promise<boolean> => {
  const { delivery, error, random } = settling;
  const retryAfterMs = isFault(error) ? error.retryAfterMs : null;
  // A time-out or an unforeseen error in the middle of a send may have happened after the server took the message.
  const retry = isFault(error) && error.code.startsWith("send.") ? error.retry : "unknown";
  const isAway = isFault(error, "send.unavailable");
  const known = { retry, random, retryAfterMs, isAway, expiresAt: delivery.expiresAt };
  return transaction(parts.pool, async (db) => {
    const counted = await countedTries(db, attempt.id);
    const decision = afterFault(facts({ ...known, counted }, attempt, parts));
    parts.log.warn("delivery.refused", { delivery: delivery.id, n: attempt.n, decision: decision.do, error });
    const restMs = retryAfterMs ?? (isAway && attempt.n - counted >= triesWithoutRest ? awayRestMs : null);
    if (restMs !== null) await holdTurns(db, parts.mailerFor(delivery).name, restMs);
    return record({ decision, words: wordsOf(error), isDoubtful: retry === "unknown", isAway }, attempt, db);
  });
};

/** A mailer that stays away is asked by a few emails every now and then, and not by a thousand, one after the other. */
const awayRestMs = 5_000;
const triesWithoutRest = 3;

const facts = (
  known: Pick<FailedTry, "retry" | "random" | "expiresAt" | "counted" | "isAway" | "retryAfterMs">,
  { n, now }: Try,
  { sendAttempts, whenUncertain }: SettleParts,
): FailedTry => ({ ...known, attempts: n, maxAttempts: sendAttempts, now, whenUncertain });

interface Outcome {
  readonly decision: SendDecision;
  readonly words: string;
  /** It may have been taken. */
  readonly isDoubtful: boolean;
  /** The mailer took nothing from anybody. */
  readonly isAway: boolean;
}

/** A mail service may have told of the email before its answer got lost: then nothing is uncertain. */
const record = async (
  { decision, words, isDoubtful, isAway }: Outcome,
  attempt: Try,
  db: Session,
): Promise<boolean> => {
  await lockDelivery(db, attempt.id);
  const proof = isDoubtful ? await proofOfTaking(db, attempt.id) : null;
  if (proof !== null) return markSent(db, attempt, { words: `told afterwards: ${proof}`, note: null });
  const whole = `${words} ${decision.reason}`.trim();
  switch (decision.do) {
    case "wait":
      return sendAgain(db, attempt, {
        notBefore: decision.until,
        words: isDoubtful ? whole : words,
        outcome: outcomeOf({ isDoubtful, isAway }),
      });
    case "uncertain":
      return endSending(db, attempt, { state: "uncertain", outcome: "unknown", words: whole });
    case "give-up": {
      const doubt = await mayHaveArrived(db, attempt);
      return endSending(db, attempt, {
        state: "failed",
        outcome: "refused",
        words: [whole, ...(doubt === null ? [] : [`But ${doubt}.`])].join(" "),
      });
    }
  }
};

const outcomeOf = ({
  isDoubtful,
  isAway,
}: Pick<Outcome, "isDoubtful" | "isAway">): "away" | "temporary" | "unknown" => {
  if (isDoubtful) return "unknown";
  return isAway ? "away" : "temporary";
};

/** Says which earlier tries nobody answered: whoever reads the outcome must know that an email more may be in the mailbox. */
export const mayHaveArrived = async (db: Db, { id, n }: Pick<Try, "id" | "n">): Promise<string | null> => {
  if (n === 1) return null;
  const tries = await unansweredTries(db, id, n);
  if (tries.length === 0) return null;
  const which = tries.length === 1 ? `try ${tries.join()}` : `tries ${tries.join(", ")}`;
  return `it may have arrived before: ${which} had no answer`;
};

/** Settles deliveries whose sender died while sending: confirmed where the mailer can say so, otherwise by the policy. How many. */
export const settleOrphans = async (sendLimitMs: number, parts: SettleParts): Promise<number> => {
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

const settleOne = async (id: string, parts: SettleParts): Promise<void> => {
  const delivery = await deliveryById(parts.pool, id);
  if (delivery === null) return;
  const message = await messageOf(parts.pool, id);
  // Without its message, which went with its erased recipient, nobody can be asked.
  const confirmed = message === null ? "cannot-say" : await parts.mailerFor(delivery).confirm(message);
  const attempt = { id, n: delivery.attempts, now: parts.clock.now() };
  parts.log.warn("delivery.orphaned", { delivery: id, confirmed });
  await transaction(parts.pool, (db) => settleOrphan({ delivery, confirmed, attempt }, parts, db));
};

interface Orphan {
  readonly delivery: Delivery;
  readonly confirmed: boolean | "cannot-say";
  readonly attempt: Try;
}

const ended = "the process that was sending it ended";

const settleOrphan = async (
  { delivery, confirmed, attempt }: Orphan,
  parts: SettleParts,
  db: Session,
): Promise<boolean> => {
  // In the order in which a late receipt takes them: the delivery, then its tries.
  await lockDelivery(db, attempt.id);
  const counted = await countedTries(db, attempt.id);
  if (confirmed === true)
    return markSent(db, attempt, { words: `${ended}; the mailer confirms that it was taken`, note: null });
  if (confirmed === false && counted >= parts.sendAttempts)
    return endSending(db, attempt, { state: "failed", outcome: "dead-owner", words: `${ended}, ${attempt.n} times` });
  if (confirmed === false) {
    const words = `${ended} before it was taken`;
    return sendAgain(db, attempt, { notBefore: attempt.now, words, outcome: "dead-owner" });
  }
  const known = { retry: "unknown", random: 0, retryAfterMs: null, counted, expiresAt: delivery.expiresAt } as const;
  const decision = afterFault(facts(known, attempt, parts));
  const words = `${ended}, and nobody can say whether it was taken; look into the mailbox, then: daybreak deliveries resolve ${attempt.id}`;
  return record({ decision, words: `${words}.`, isDoubtful: true, isAway: false }, attempt, db);
};

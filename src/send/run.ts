import { createHash } from "node:crypto";
import type { Bucket } from "#bucket/port.ts";
import type { Delivery } from "#model/delivery.ts";
import { isFault } from "#model/fault.ts";
import type { StoredMessage } from "#model/message.ts";
import type { PassPoint } from "#runtime/point.ts";
import { within } from "#runtime/timeout.ts";
import { beforeSending } from "#send/plan.ts";
import type { Receipt } from "#send/port.ts";
import { mayHaveArrived, type SettleParts, settleFault } from "#send/settle.ts";
import { awaitTurn, type TurnParts } from "#send/turn.ts";
import { moveDelivery, postponeDelivery, type WorkAsk } from "#store/deliveries.ts";
import { forgetMessage, messageOf } from "#store/messages.ts";
import { outlast } from "#store/outlast.ts";
import { type Session, transaction } from "#store/pool.ts";
import { beginSending, lockSendable, markSent, type Sendable, type Try } from "#store/sends.ts";

/** What the last look found: still owed, or not as it was frozen. */
export type LastLook = { readonly verdict: "still" } | { readonly verdict: "skip" | "anew"; readonly reason: string };

/** What posting uses. */
export interface PostParts extends SettleParts, TurnParts {
  readonly passPoint: PassPoint;
  /** How this process' live emails leave; those of a report whose configuration names another way aren't taken. */
  readonly mailer: string;
  readonly artifacts: Bucket;
  readonly look: (db: Session, delivery: Delivery) => Promise<LastLook>;
  /** The id of the installation that this process belongs to; `null`: the database is somebody else's, and no live mail leaves. */
  readonly installation: () => string | null;
}

/** A delivery that is committed to the wire. */
interface Committed {
  readonly delivery: Delivery;
  readonly message: StoredMessage;
  readonly n: number;
}

/** Sends the next composed delivery; false when there is none. `sending` is committed before the wire is touched. */
export const postNext = async (ask: WorkAsk, parts: PostParts, signal: AbortSignal): Promise<boolean> => {
  await parts.passPoint("send:between");
  const turn = await awaitTurn(sendableFor(ask, parts), parts, signal);
  if (turn === "none" || turn === "later") return turn === "later";
  const committed = await commit({ ...ask, trial: turn.go.trial }, parts);
  if (committed === null) return false;
  if (committed === "settled") return true;
  await parts.passPoint("send:begun");
  await deliver(committed, { ask, parts, signal });
  await parts.passPoint("send:stored");
  return true;
};

type Sending = WorkAsk & { readonly trial: boolean };

const sendableFor = ({ occasion, now }: WorkAsk, { installation, mailer }: PostParts): Sendable => ({
  ...{ occasion, now, mailer },
  installation: installation(),
});

/** A delivery over which the last look stumbles waits a minute, so that those behind it have their turn. */
const commit = async (ask: Sending, parts: PostParts): Promise<Committed | "settled" | null> => {
  const taken: { id?: string } = {};
  try {
    return await commitNext(ask, parts, taken);
  } catch (error) {
    const isOfDatabase = isFault(error, "store.unreachable") || isFault(error, "run.timeout");
    if (taken.id !== undefined && !isOfDatabase)
      await postponeDelivery(parts.pool, taken.id, parts.clock.now().add({ minutes: 1 }));
    throw error;
  }
};

const commitNext = (ask: Sending, parts: PostParts, taken: { id?: string }): ReturnType<typeof commit> =>
  transaction(parts.pool, async (db) => {
    const delivery = await lockSendable(db, { ...sendableFor(ask, parts), trial: ask.trial });
    if (delivery === null) return null;
    taken.id = delivery.id;
    const reason = await whyNot(db, delivery, parts);
    if (reason !== null) {
      const doubt = await mayHaveArrived(db, { id: delivery.id, n: delivery.attempts + 1 });
      const whole = doubt === null ? reason.reason : `${reason.reason}; ${doubt}`;
      const finishedAt = parts.clock.now();
      await moveDelivery(db, { id: delivery.id, from: "composed", to: reason.to, reason: whole, finishedAt });
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
    await parts.passPoint("send:accepted");
    parts.log.info("delivery.sent", { delivery: delivery.id, n, words: receipt.words });
    store = async () => {
      const notes = [partly(receipt), await mayHaveArrived(parts.pool, attempt())].filter((note) => note !== null);
      const note = notes.length === 0 ? null : notes.join("; ");
      return markSent(parts.pool, attempt(), { words: receipt.words, note });
    };
  } catch (error) {
    const settling = { delivery, error, random: Math.random() };
    store = () => settleFault(settling, attempt(), parts);
  }
  // While the database is away the outcome is kept here and offered again.
  const tell = (error: unknown): void => parts.log.error("delivery.receipt-kept", { delivery: delivery.id, error });
  if (!(await outlast(store, { tell }))) parts.log.warn("delivery.fenced", { delivery: delivery.id, n });
};

const partly = ({ rejected }: Receipt): string | null =>
  rejected.length === 0 ? null : `refused for ${rejected.map((one) => `${one.address} (${one.words})`).join(", ")}`;

/** Holding a delivery while it is proven and written, and putting it back when that failed. */
import type { Delivery } from "#model/delivery.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import { before } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { type KeptLease, keepLease } from "#runtime/lease.ts";
import type { Log } from "#runtime/log.ts";
import { deliveryById, moveDelivery, postponeDelivery, type WorkAsk } from "#store/deliveries.ts";
import { outlast } from "#store/outlast.ts";
import type { Pool } from "#store/pool.ts";
import { renewWriting } from "#store/takeover.ts";

/** What holding uses. */
export interface HoldParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps the lease of a delivery that was taken to be written. */
export const keepWriting = ({ id }: Pick<Delivery, "id">, ask: WorkAsk, { pool, log }: HoldParts): KeptLease =>
  keepLease({
    leaseMs: ask.leaseMs,
    renew: () => renewWriting(pool, id, ask),
    onFault: (error) => log.warn("delivery.lease", { delivery: id, error }),
  });

const longestOutageMs = 15_000;

/**
 * A database or file that is away is waited for; a template or figure that is wrong ends this delivery, with its reason. Recording it
 * outlasts a database that is away for a moment, which otherwise would cost the whole lease; one that stays away longer does.
 */
export const setBack = (delivery: Delivery, error: unknown, parts: HoldParts): Promise<void> => {
  const tell = (fault: unknown): void =>
    parts.log.error("delivery.set-back-kept", { delivery: delivery.id, error: fault });
  return outlast(() => putBack(delivery, error, parts), { tell, signal: AbortSignal.timeout(longestOutageMs) });
};

const putBack = async (delivery: Delivery, error: unknown, { pool, clock }: HoldParts): Promise<void> => {
  const current = await deliveryById(pool, delivery.id);
  if (current === null || (current.state !== "drawn" && current.state !== "proven")) return;
  // Lost during a commit, nobody knew whether it happened; the state that was just read says that it didn't.
  const isOfDatabase = isFault(error, "store.unreachable");
  if ((isOfDatabase || (isFault(error) && error.retry === "later")) && before(clock.now(), current.expiresAt)) {
    // Where this can be recorded, the database is there again.
    const seconds = isOfDatabase ? 0 : 30;
    await postponeDelivery(pool, delivery.id, clock.now().add({ seconds }));
    return;
  }
  await moveDelivery(pool, {
    id: delivery.id,
    from: current.state,
    to: "failed",
    reason: wordsOf(error),
    finishedAt: clock.now(),
  });
};

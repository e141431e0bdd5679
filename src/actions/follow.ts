import type { Delivery, DeliveryState } from "#model/delivery.ts";
import { msBetween, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { openWake } from "#runtime/wake.ts";
import { listDeliveries } from "#store/deliveries.ts";
import type { Pool } from "#store/pool.ts";

/** What following an occasion uses. */
export interface FollowParts {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Tells the loops that something may be owed, so that a change made by another process is seen at once. */
  readonly ring: () => void;
  readonly onProgress: (deliveries: readonly Delivery[]) => void;
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/** An occasion's deliveries as they stand; `isOver`: nothing of it is under way any more. */
export interface Followed {
  readonly deliveries: readonly Delivery[];
  readonly isOver: boolean;
}

/** States in which something still happens by itself. */
const underWay: readonly DeliveryState[] = ["planned", "drawn", "proven", "composed", "sending"];

/** True until a delivery is sent, held back or ended. */
export const isUnderWay = ({ state }: Pick<Delivery, "state">): boolean => underWay.includes(state);

const LOOK_EVERY_MS = 200;
const RING_EVERY_MS = 2_000;
/** More than an operator's own request ever has. */
const MOST = 100_000;

/** The deliveries of an occasion. */
export const deliveriesOf = (occasion: string, pool: Pool): Promise<Delivery[]> =>
  listDeliveries(pool, { report: null, state: null, occasion, slotId: null, limit: MOST });

/** Waits until nothing of an occasion is under way (as `isBusy` sees it), the limit is reached or the signal ends. */
export const follow = async (
  occasion: string,
  parts: FollowParts,
  isBusy: (delivery: Delivery) => boolean = isUnderWay,
): Promise<Followed> => {
  const wake = openWake();
  const begun = parts.clock.now();
  let rung = begun;
  for (;;) {
    const deliveries = await deliveriesOf(occasion, parts.pool);
    parts.onProgress(deliveries);
    if (!deliveries.some(isBusy)) return { deliveries, isOver: true };
    if (parts.signal.aborted || since(begun, parts.clock) > parts.limitMs) return { deliveries, isOver: false };
    if (since(rung, parts.clock) > RING_EVERY_MS) {
      rung = parts.clock.now();
      parts.ring();
    }
    await wake.wait(LOOK_EVERY_MS, parts.signal);
  }
};

const since = (start: Temporal.Instant, clock: Clock): number => msBetween(start, clock.now());

import { sendPing } from "#alert/ping.ts";
import { morningOf } from "#alert/plan/morning.ts";
import { later, msBetween, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { isMorningUnderWay, markPinged, unpingedSlots } from "#store/pings.ts";
import { type Pool, transaction } from "#store/pool.ts";

/** What pinging uses. */
export interface PingParts {
  readonly pool: Pool;
  readonly clock: Clock;
}

/** A ping that hangs must not hold its rows. */
const pingLimitMs = 15_000;
/** What was over before is no news. */
const lookBackMs = 24 * 3_600_000;

/** Pings once everything that was due is over: well, or failed. False when there was nothing to tell. Throws `alert.untold`; the next round tries again. */
export const pingMorning = ({ pool, clock }: PingParts, url: string): Promise<boolean> =>
  transaction(pool, async (db) => {
    const now = clock.now();
    if (await isMorningUnderWay(db, now)) return false;
    const slots = await unpingedSlots(db, { now, since: later(now, -lookBackMs) });
    if (slots.length === 0) return false;
    await sendPing(url, morningOf(slots), AbortSignal.timeout(pingLimitMs));
    await markPinged(
      db,
      slots.map(({ id }) => id),
      now,
    );
    return true;
  });

/** A ping every so often, as long as whoever calls it gets on. */
export const heartbeatTo = ({ url, everyMs }: { readonly url: string; readonly everyMs: number }, clock: Clock) => {
  let last: Temporal.Instant | null = null;
  return async (): Promise<void> => {
    const now = clock.now();
    if (last !== null && msBetween(last, now) < everyMs) return;
    await sendPing(url, { isWell: true, words: "at work" }, AbortSignal.timeout(pingLimitMs));
    last = now;
  };
};

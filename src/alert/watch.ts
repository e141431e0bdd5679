import { type Missed, planTroubles, watchedKeys } from "#alert/plan/troubles.ts";
import { type AlertParts, alertsOver, tellDue } from "#alert/run.ts";
import type { Trouble } from "#model/alert.ts";
import { later, type Temporal } from "#model/time.ts";
import { openAlertKeys, updateAlert } from "#store/alerts.ts";
import { idleServers, lostDeliveries, mailTrouble, slotsToWatch } from "#store/troubles.ts";

/** What watching uses. */
export interface WatchParts extends AlertParts {
  readonly lateAfterMs: number;
  /** Times that should have been seen to by now, of which there is no slot. */
  readonly missed: (now: Temporal.Instant) => Promise<readonly Missed[]>;
}

const dayMs = 24 * 3_600_000;
/** What was lost a week ago is history. */
const lookBackMs = 7 * dayMs;
/** A server on which nothing could be drawn for so long is a trouble. */
const idleMs = 5 * 60_000;

/** Opens and closes the alerts that the rows show, and offers those again that a channel didn't take. Any process may do it, and all do. */
export const watch = async (parts: WatchParts): Promise<void> => {
  const { pool } = parts;
  const now = parts.clock.now();
  const troubles = planTroubles({
    now,
    lateAfterMs: parts.lateAfterMs,
    deliveries: await lostDeliveries(pool, later(now, -lookBackMs)),
    slots: await slotsToWatch(pool, { now, late: later(now, -parts.lateAfterMs), since: later(now, -dayMs) }),
    servers: await idleServers(pool, { now, since: later(now, -idleMs) }),
    mail: await mailTrouble(pool, later(now, -dayMs)),
    missed: await parts.missed(now),
  });
  await settle(troubles, parts);
  await tellDue(parts);
};

const settle = async (troubles: readonly Trouble[], parts: WatchParts): Promise<void> => {
  const alerts = alertsOver(parts);
  const open = new Set(await openAlertKeys(parts.pool));
  for (const trouble of troubles) {
    if (open.has(trouble.key)) await updateAlert(parts.pool, trouble);
    else await alerts.raise(trouble);
  }
  const wanted = new Set(troubles.map(({ key }) => key));
  const over = [...open].filter((key) => isWatched(key) && !wanted.has(key));
  for (const key of over) await alerts.recover(key);
};

const isWatched = (key: string): boolean =>
  watchedKeys.some((start) => (start.endsWith(":") ? key.startsWith(start) : key === start));

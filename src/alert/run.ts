import { alertFor, type Known, offerAgainAt, planTellings } from "#alert/plan.ts";
import type { AlertChannel } from "#alert/port.ts";
import type { Alert, Alerts, Trouble } from "#model/alert.ts";
import { wordsOf } from "#model/fault.ts";
import { later } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { within } from "#runtime/timeout.ts";
import {
  claimTelling,
  markTellingRefused,
  markTellingTold,
  openAlert,
  recoverAlert,
  settleAlert,
  unsettledAlerts,
} from "#store/alerts.ts";
import type { Pool } from "#store/pool.ts";

/** What raising and telling use. */
export interface AlertParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly channels: readonly AlertChannel[];
}

/** How long one channel may take to tell one alert. */
const tellLimitMs = 30_000;
/** From then on another process may tell it: this one is dead or hangs. */
const claimMs = tellLimitMs + 30_000;

/**
 * Where troubles are raised. The row comes first, so that an alert outlives this process and every channel's outage. `background`: whoever raises
 * it doesn't wait until it is told, since a channel that hangs must not hold up a morning.
 */
export const alertsOver = (parts: AlertParts, telling: "wait" | "background" = "wait"): Alerts => {
  const tell = async (key: string): Promise<void> => {
    const told = tellDue(parts, key);
    if (telling === "wait") await told;
    // What fails here is offered again by the watch.
    else told.catch((error: unknown) => parts.log.warn("alert.kept", { key, error }));
  };
  return {
    raise: async (trouble: Trouble) => {
      const { to = null } = trouble;
      const isNew = await openAlert(parts.pool, { ...trouble, to, now: parts.clock.now() });
      if (isNew) await tell(trouble.key);
      return isNew;
    },
    recover: async (key) => {
      const wasOpen = await recoverAlert(parts.pool, key, parts.clock.now());
      if (wasOpen) await tell(key);
      return wasOpen;
    },
  };
};

/** Tells what is owed to this process's channels: of one key, or of all that failed before or were left by a dead process. How many were taken. */
export const tellDue = async (parts: AlertParts, key: string | null = null): Promise<number> => {
  const alerts = await unsettledAlerts(parts.pool, parts.clock.now());
  const meant = key === null ? alerts : alerts.filter((alert) => alert.key === key);
  const told = await Promise.all(meant.map((alert) => tellOne(alert, parts)));
  return told.reduce((sum, count) => sum + count, 0);
};

const tellOne = async (alert: Known, parts: AlertParts): Promise<number> => {
  const names = parts.channels.map(({ name }) => name);
  const { offers, isSettled } = planTellings(alert, names, parts.clock.now());
  if (isSettled) await settleAlert(parts.pool, alert.id, parts.clock.now());
  const taken = await Promise.all(
    parts.channels.map(async (channel) => {
      const offer = offers.find((one) => one.channel === channel.name);
      return offer !== undefined && (await offerTo(channel, { alert, kind: offer.kind, parts }));
    }),
  );
  return taken.filter(Boolean).length;
};

interface Offering {
  readonly alert: Known;
  readonly kind: "opened" | "recovered";
  readonly parts: AlertParts;
}

/** A failed channel is written into the alert's row and the log, never thrown: the others have told it, and this one is asked again. */
const offerTo = async (channel: AlertChannel, { alert, kind, parts }: Offering): Promise<boolean> => {
  const { pool, clock, log } = parts;
  const offer = { alertId: alert.id, kind, channel: channel.name };
  const now = clock.now();
  const tries = await claimTelling(pool, offer, { now, until: later(now, claimMs) });
  if (tries === null) return false;
  const failed = await tellOver(channel, alertFor(alert, kind));
  if (failed === null) {
    await markTellingTold(pool, offer, clock.now());
    return true;
  }
  log.warn("alert.untold", { key: alert.key, channel: channel.name, tries, error: failed.error });
  const again = { notBefore: offerAgainAt(clock.now(), tries), words: wordsOf(failed.error) };
  await markTellingRefused(pool, offer, again);
  return false;
};

const tellOver = async (
  channel: AlertChannel,
  alert: Alert,
  signal?: AbortSignal,
): Promise<{ readonly error: unknown } | null> => {
  const bound = { ms: tellLimitMs, name: `telling an alert by ${channel.name}`, ...(signal && { signal }) };
  try {
    await within(bound, (inner) => channel.tell(alert, inner));
    return null;
  } catch (error) {
    return { error };
  }
};

/** A channel that failed, with why. */
export interface Untold {
  readonly channel: string;
  readonly error: unknown;
}

/** Tells an alert that has no row through all channels at once, each within its bound. Returns those that failed: the others have told it. */
export const tellAll = async (
  channels: readonly AlertChannel[],
  alert: Alert,
  signal?: AbortSignal,
): Promise<readonly Untold[]> => {
  const told = await Promise.all(
    channels.map(async (channel) => {
      const failed = await tellOver(channel, alert, signal);
      return failed === null ? null : { channel: channel.name, error: failed.error };
    }),
  );
  return told.filter((one) => one !== null);
};

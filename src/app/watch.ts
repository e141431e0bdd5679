import { heartbeatTo, pingMorning } from "#alert/morning.ts";
import { tellDue } from "#alert/run.ts";
import { watch } from "#alert/watch.ts";
import { alertPartsOf } from "#app/alerts.ts";
import type { App } from "#app.ts";
import type { Alerts } from "#model/alert.ts";
import { findOverdue } from "#schedule/run.ts";
import { endRemoved } from "#store/pings.ts";
import { allReports } from "#store/reports.ts";
import { expireHeldSlots } from "#store/stops.ts";

type Opened = Pick<App, "config" | "clock" | "log" | "mailer" | "pool" | "holidays" | "installation">;

const foreign = "installation";

/** One round of looking after everything: whose database it is, what has ended without a word, what operators must know, and the pings. */
export const watchOver = (open: Opened, alerts: Alerts): (() => Promise<void>) => {
  const { config, clock, log, pool, holidays, installation } = open;
  const parts = alertPartsOf(open);
  const { ping, heartbeat, lateAfterMs } = config.alerts;
  const beat = heartbeat === null ? null : heartbeatTo(heartbeat, clock);
  const missed = async () => {
    const live = (await allReports(pool)).filter(({ mode }) => mode === "live");
    return (await Promise.all(live.map((known) => findOverdue(known, { pool, clock, holidays: holidays.of })))).flat();
  };
  const guarded = async (name: string, step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      log.warn(`${name}.untold`, { error });
    }
  };
  return async () => {
    await installation.look();
    if (installation.refusal() !== null) {
      await tellForeign(installation.refusal() ?? "", alerts);
      await tellDue(parts);
      return;
    }
    await alerts.recover(foreign);
    for (const slot of await expireHeldSlots(pool, clock.now())) log.warn("slot.expired", { slot });
    const removed = await endRemoved(pool, clock.now());
    for (const slot of removed.slots) log.warn("slot.removed", { slot });
    for (const delivery of removed.deliveries) log.warn("delivery.removed", { delivery });
    await watch({ ...parts, lateAfterMs, missed });
    if (ping !== null) await guarded("ping", () => pingMorning({ pool, clock }, ping));
    if (beat !== null) await guarded("heartbeat", beat);
  };
};

const tellForeign = (refusal: string, alerts: Alerts): Promise<boolean> =>
  alerts.raise({
    key: foreign,
    severity: "critical",
    subject: "no live email leaves here",
    lines: [
      refusal,
      "Emails are drawn and written, and wait. If this is the one that should send from now on: daybreak adopt.",
      "If it is a copy, to test with: nothing is to be done; sending stays off.",
    ],
  });

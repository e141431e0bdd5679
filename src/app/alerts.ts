import { hostname } from "node:os";
import { emailChannel } from "#alert/email.ts";
import { logChannel } from "#alert/log.ts";
import { pagerDutyChannel } from "#alert/pagerduty.ts";
import { pingChannel } from "#alert/ping.ts";
import type { AlertChannel } from "#alert/port.ts";
import { type AlertParts, alertsOver } from "#alert/run.ts";
import { slackChannel } from "#alert/slack.ts";
import { webhookChannel } from "#alert/webhook.ts";
import { alertPoster } from "#app/mail.ts";
import type { App } from "#app.ts";
import type { Alerts, Trouble } from "#model/alert.ts";
import { openAlertKeys } from "#store/alerts.ts";

type Opened = Pick<App, "config" | "clock" | "log" | "mailer" | "pool">;

/** The channels that a configuration names; the log is always one of them. */
const channelsOf = (open: Opened): readonly AlertChannel[] => {
  const { clock, log } = open;
  const { email, webhook, slack, pagerduty, ping } = open.config.alerts;
  return [
    logChannel(log),
    ...(email.length === 0 ? [] : [emailChannel(email, alertPoster(open))]),
    ...(webhook === null ? [] : [webhookChannel(webhook, clock)]),
    ...(slack === null ? [] : [slackChannel(slack)]),
    ...(pagerduty === null ? [] : [pagerDutyChannel({ ...pagerduty, source: hostname() })]),
    ...(ping === null ? [] : [pingChannel(ping)]),
  ];
};

/** What raising and telling alerts uses. */
export const alertPartsOf = (open: Opened): AlertParts => {
  const { pool, clock, log } = open;
  return { pool, clock, log, channels: channelsOf(open) };
};

/** Where this process raises troubles. */
export const alertsOf = (open: Opened): Alerts => alertsOver(alertPartsOf(open), "background");

/** A trouble that is looked for again and again; critical, unless it says otherwise. */
type Recurring = Pick<Trouble, "subject" | "lines"> & Partial<Pick<Trouble, "severity">>;

/**
 * Tells of a trouble that is looked for each minute: words open it, `null` closes it. Only what changed touches the rows, and the first look
 * after a start, since the trouble may have been opened before it. What is told stops nobody.
 */
export const recurringTroubles = (alerts: Alerts) => {
  const known = new Map<string, boolean>();
  return async (key: string, trouble: Recurring | null): Promise<void> => {
    const isOpen = trouble !== null;
    if (known.get(key) === isOpen) return;
    try {
      await (trouble === null ? alerts.recover(key) : alerts.raise({ key, severity: "critical", ...trouble }));
      known.set(key, isOpen);
    } catch {
      // The database is away: whoever asked it for the trouble itself tells that, and the next minute tries again.
    }
  };
};

/**
 * Tells of a family of troubles, which is looked for as a whole each minute: what is new opens, and what two looks in a row did not find is over,
 * whoever opened it; another process may have seen it a moment before this one. `unseen`: beginnings of keys that could not be looked for.
 * What is told stops nobody.
 */
export const troublesOf = (family: string, alerts: Alerts, pool: Opened["pool"]) => {
  let missed: ReadonlySet<string> = new Set();
  return async (troubles: readonly Trouble[], unseen: readonly string[]): Promise<void> => {
    const found = new Set(troubles.map(({ key }) => key));
    try {
      const open = (await openAlertKeys(pool)).filter((key) => key.startsWith(family));
      const gone = open.filter((key) => !found.has(key) && !unseen.some((start) => key.startsWith(start)));
      for (const key of gone) if (missed.has(key)) await alerts.recover(key);
      missed = new Set(gone);
      for (const trouble of troubles) if (!open.includes(trouble.key)) await alerts.raise(trouble);
    } catch {
      // As above.
    }
  };
};

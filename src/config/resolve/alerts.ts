import type { AlertsConfig } from "#config/config.ts";
import type { Context } from "#config/resolve/context.ts";
import { expand } from "#config/resolve/reference.ts";

type Key = "webhook" | "slack" | "pagerduty" | "ping" | "heartbeat";

const webAddress = (key: Exclude<Key, "pagerduty">, context: Context): string | null => {
  const written = context.written.alerts[key];
  if (written === undefined) return null;
  const url = expand(written, ["alerts", key], context);
  if (url === null || (/^https?:\/\/\S+$/i.test(url) && URL.canParse(url))) return url;
  context.note(
    ["alerts", key],
    "can't be read as a web address; write it whole, such as https://alerts.example.com/in",
  );
  return null;
};

/** What is a secret as a whole stands in the environment, never in the file. */
const secret = (key: "slack" | "pagerduty", example: string, context: Context): boolean => {
  const written = context.written.alerts[key];
  if (written === undefined) return false;
  if (/^\$\{[^}]*\}$/.test(written)) return true;
  context.note(
    ["alerts", key],
    `is a secret, which never stands in this file; write \${${example}} and set ${example} in the environment or in .env beside it`,
    "key",
  );
  return false;
};

const pagerDuty = (context: Context): AlertsConfig["pagerduty"] => {
  const { pagerduty: written = "", pagerdutyUrl: url } = context.written.alerts;
  const key = secret("pagerduty", "PAGERDUTY_KEY", context) ? expand(written, ["alerts", "pagerduty"], context) : null;
  return key === null ? null : { key, url };
};

const webhook = (context: Context): AlertsConfig["webhook"] => {
  const url = webAddress("webhook", context);
  const found = context.environment.find("DAYBREAK_ALERTS_WEBHOOK_SECRET");
  if (found !== null) context.used(["alerts", "webhookSecret"], found);
  return url === null ? null : { url, secret: found?.value ?? null };
};

const heartbeat = (context: Context): AlertsConfig["heartbeat"] => {
  const url = webAddress("heartbeat", context);
  return url === null ? null : { url, everyMs: context.written.alerts.heartbeatEvery };
};

/** Who is told of trouble, and how. */
export const alertsOf = (context: Context): AlertsConfig => {
  const { email = [], lateAfter: lateAfterMs } = context.written.alerts;
  return {
    email: typeof email === "string" ? [email] : email,
    webhook: webhook(context),
    slack: secret("slack", "SLACK_WEBHOOK_URL", context) ? webAddress("slack", context) : null,
    pagerduty: pagerDuty(context),
    ping: webAddress("ping", context),
    heartbeat: heartbeat(context),
    lateAfterMs,
  };
};

import type { AlertChannel } from "#alert/port.ts";
import { post } from "#alert/post.ts";
import type { Alert } from "#model/alert.ts";

/** A service of PagerDuty by its integration key, and where its events are taken. */
export interface PagerDutySettings {
  readonly key: string;
  /** `https://events.pagerduty.com`; accounts in Europe have one of their own. */
  readonly url: string;
  /** What the incident is about: this machine. */
  readonly source: string;
}

/** Tells alerts as events (Events API v2): one incident for each opening of a trouble, resolved when it has recovered. */
export const pagerDutyChannel = (settings: PagerDutySettings): AlertChannel => ({
  name: "pagerduty",
  tell: (alert, signal) =>
    post({
      url: `${settings.url.replace(/\/+$/, "")}/v2/enqueue`,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(eventOf(alert, settings)),
      signal,
      name: "PagerDuty",
    }),
});

/** The API refuses longer ones. */
const longestKey = 255;
const longestSummary = 1_024;

const eventOf = ({ id = "", key, severity, subject, lines }: Alert, { key: routing, source }: PagerDutySettings) => {
  const same = { routing_key: routing, dedup_key: `daybreak:${key}:${id}`.slice(0, longestKey) };
  if (severity === "recovered") return { ...same, event_action: "resolve" };
  return {
    ...same,
    event_action: "trigger",
    payload: {
      summary: subject.slice(0, longestSummary),
      source,
      severity: severity === "critical" ? "critical" : "warning",
      component: "daybreak",
      custom_details: { key, lines },
    },
  };
};

import { z } from "zod";
import { address, duration, list, section, text, webUrl } from "#config/schema/values.ts";

/** `alerts`: where operators are told of trouble. */
export const alerts = () =>
  section({
    email: z
      .union([address(), list(address(), "email addresses")])
      .optional()
      .describe("Who is told of trouble by email: one address or a list."),
    webhook: text("a web address")
      .optional()
      .describe("Address that is told as JSON; signed when DAYBREAK_ALERTS_WEBHOOK_SECRET is set."),
    slack: text("a variable that holds a Slack webhook's address")
      .optional()
      .describe(`Incoming webhook of a Slack channel, by a variable: \${SLACK_WEBHOOK_URL}.`),
    pagerduty: text("a variable that holds an integration key")
      .optional()
      .describe(`Integration key of a PagerDuty service (Events API v2), by a variable: \${PAGERDUTY_KEY}.`),
    pagerdutyUrl: webUrl()
      .prefault("https://events.pagerduty.com")
      .describe("Where PagerDuty takes events; accounts in Europe write https://events.eu.pagerduty.com."),
    ping: text("a web address")
      .optional()
      .describe("Address that is pinged once a morning is done well, and at /fail on trouble (Healthchecks)."),
    heartbeat: text("a web address")
      .optional()
      .describe("Address that is pinged as long as Daybreak works, so that its silence is noticed."),
    heartbeatEvery: duration().prefault("5m").describe("How often the heartbeat is sent."),
    lateAfter: duration()
      .prefault("45m")
      .describe("How long after its time a report that isn't out yet is told as late."),
  }).prefault({});

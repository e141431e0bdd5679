import type { AlertChannel } from "#alert/port.ts";
import { post } from "#alert/post.ts";
import type { Alert } from "#model/alert.ts";

/** Tells alerts to a Slack channel by its incoming webhook. Its address is the secret. */
export const slackChannel = (url: string): AlertChannel => ({
  name: "slack",
  tell: (alert, signal) =>
    post({
      url,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: textOf(alert) }),
      signal,
      name: "Slack",
    }),
});

const marks: Readonly<Record<Alert["severity"], string>> = {
  critical: ":rotating_light:",
  warning: ":warning:",
  recovered: ":white_check_mark:",
  summary: ":memo:",
};

/** Slack cuts a text at 40,000 characters and folds long ones; what matters stands first. */
const longestText = 3_000;

const textOf = ({ severity, subject, lines }: Alert): string => {
  const head = `${marks[severity]} *${plain(severity === "recovered" ? `Recovered: ${subject}` : subject)}*`;
  return [head, ...lines.map(plain)].join("\n").slice(0, longestText);
};

/** These three signs make links, mentions of everybody and entities; a person's name mustn't. */
const plain = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("*", "∗");

import { createHmac } from "node:crypto";
import type { AlertChannel } from "#alert/port.ts";
import { post } from "#alert/post.ts";
import type { Clock } from "#runtime/clock.ts";

/** Where a webhook is, and what its requests are signed with; `null`: they aren't. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: string | null;
}

/**
 * Tells alerts as JSON: `{ key, id, severity, subject, lines, to, at }`. With a secret, `Daybreak-Signature: t=<seconds>,v1=<hex>` is the HMAC-SHA-256
 * of `<seconds>.<body>`, so that a receiver can refuse what is forged or played again.
 */
export const webhookChannel = ({ url, secret }: WebhookSettings, clock: Clock): AlertChannel => ({
  name: "webhook",
  tell: async ({ id = "", key, severity, subject, lines, to }, signal) => {
    const now = clock.now();
    const body = JSON.stringify({ id, key, severity, subject, lines, to, at: now.toString() });
    const headers = { "Content-Type": "application/json", "User-Agent": "Daybreak" };
    const seconds = Math.floor(now.epochMilliseconds / 1000);
    const signed = secret === null ? {} : { "Daybreak-Signature": signatureOf({ secret, seconds, body }) };
    await post({ url, headers: { ...headers, ...signed }, body, signal, name: "the webhook" });
  },
});

/** The header that a receiver compares: of the same secret, time and body it is the same. */
export const signatureOf = (given: {
  readonly secret: string;
  readonly seconds: number;
  readonly body: string;
}): string => {
  const { secret, seconds, body } = given;
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
};

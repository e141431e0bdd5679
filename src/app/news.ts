import type { App } from "#app.ts";
import { takeNews } from "#send/news.ts";
import type { WebhookParts } from "#web/webhook.ts";

/** What SendGrid's webhook uses; an event is of a delivery when it names the message that we sent for it. */
export const webhookParts = ({ config, pool, clock, log, parts }: App): WebhookParts => ({
  publicKey: config.mail.sendgrid.webhookKey,
  clock,
  log,
  take: async (event) => {
    const isOf = ({ messageId }: { readonly messageId: string }): boolean => messageId === event.messageId;
    const taken = await takeNews({ ...event, isOf }, { pool, clock, log, alerts: parts.alerts });
    if (taken === "stranger") log.warn("webhook.stranger", { delivery: event.deliveryId, kind: event.kind });
  },
});

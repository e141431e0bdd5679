import { Hono } from "hono";
import { sendgridWebhook, type WebhookParts } from "#web/webhook.ts";

/** What the routes use. */
export interface WebParts {
  readonly webhook: WebhookParts;
}

/** Everything that a daemon answers over HTTP beside its health. */
export const webApp = ({ webhook }: WebParts): Hono => {
  const app = new Hono();
  app.route("/", sendgridWebhook(webhook));
  return app;
};

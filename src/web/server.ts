import { Hono } from "hono";
import { sendgridWebhook, type WebhookParts } from "#web/webhook.ts";

/** What the routes use. */
export interface WebParts {
  readonly webhook: WebhookParts;
  /** Answers `GET /metrics`. */
  readonly metrics: Hono;
}

/** Everything that a daemon answers over HTTP beside its health. */
export const webApp = ({ webhook, metrics }: WebParts): Hono => {
  const app = new Hono();
  app.route("/", sendgridWebhook(webhook));
  app.route("/", metrics);
  return app;
};

import { EventWebhook, EventWebhookHeader } from "@sendgrid/eventwebhook";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { type GridEvent, readEvents } from "#send/plan/sendgrid-events.ts";

/** What taking events uses. */
export interface WebhookParts {
  /** Base64 of the public key that SendGrid signs with; `null`: no events are taken. */
  readonly publicKey: string | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes in one event for good before it returns; the same one twice is harmless. */
  readonly take: (event: GridEvent) => Promise<void>;
}

/** SendGrid sends at most 768 kB at a time. */
const mostBytes = 2 * 1024 * 1024;

/**
 * SendGrid repeats a request for a day, and nobody promises that it signs it anew: after a long outage the oldest news must still be
 * taken. One that somebody kept and posts again changes nothing, since each event is taken in once.
 */
const oldestMs = 25 * 3_600_000;

/** A clock may be wrong; a signature of tomorrow is nobody's clock. */
const aheadMs = 15 * 60_000;

/** `POST /webhooks/sendgrid`: SendGrid's signed event webhook. Whatever isn't signed with its key changes nothing. */
export const sendgridWebhook = (parts: WebhookParts): Hono => {
  const app = new Hono();
  const limit = bodyLimit({ maxSize: mostBytes, onError: (context) => context.text("too large", 413) });
  app.post("/webhooks/sendgrid", limit, async (context) => {
    const body = Buffer.from(await context.req.arrayBuffer());
    const signed = {
      body,
      signature: context.req.header(EventWebhookHeader.SIGNATURE()) ?? "",
      timestamp: context.req.header(EventWebhookHeader.TIMESTAMP()) ?? "",
    };
    const mistake = mistakeIn(signed, parts);
    if (mistake !== null) {
      parts.log.warn("webhook.refused", { reason: mistake, bytes: body.byteLength });
      return context.text("refused", parts.publicKey === null ? 404 : 403);
    }
    const events = readEvents(body.toString("utf8"));
    if (events === null) return context.text("no list of events", 400);
    // SendGrid repeats a request that isn't answered with 2xx, for a day; what was taken in before is known then.
    for (const event of events) await parts.take(event);
    return context.body(null, 204);
  });
  app.onError((error, context) => {
    parts.log.error("webhook.fault", { error });
    return context.text("not now", 503);
  });
  return app;
};

interface Signed {
  readonly body: Buffer;
  readonly signature: string;
  readonly timestamp: string;
}

const mistakeIn = ({ body, signature, timestamp }: Signed, { publicKey, clock }: WebhookParts): string | null => {
  if (publicKey === null) return "no key is configured: mail.sendgrid.webhookKey";
  if (!/^\d{9,11}$/.test(timestamp) || signature === "" || signature.length > 200) return "it isn't signed";
  const agoMs = clock.now().epochMilliseconds - Number(timestamp) * 1_000;
  // Cheap before dear: the signature's arithmetic isn't done for what is too old anyway.
  if (agoMs > oldestMs || agoMs < -aheadMs)
    return `it was signed ${Math.round(Math.abs(agoMs) / 1_000)} s away from this machine's clock`;
  return isSigned({ body, signature, timestamp }, publicKey) ? null : "its signature is wrong";
};

const isSigned = ({ body, signature, timestamp }: Signed, publicKey: string): boolean => {
  try {
    const webhook = new EventWebhook();
    return webhook.verifySignature(webhook.convertPublicKeyToECDSA(publicKey), body, signature, timestamp);
  } catch {
    // The package throws at a signature that is none.
    return false;
  }
};

import { createSign, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import type { GridEvent } from "#send/plan/sendgrid-events.ts";
import { sendgridWebhook, type WebhookParts } from "#web/webhook.ts";
import { testClock } from "../support/clock.ts";
import { keptLog } from "../support/kept-log.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const shown = publicKey.export({ format: "der", type: "spki" }).toString("base64");

// Signed as https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features says:
// ECDSA over SHA-256 of the timestamp followed by the body's bytes.
const sign = (text: string, timestamp: string, key = privateKey): string =>
  createSign("sha256")
    .update(timestamp + text)
    .sign(key, "base64");

const event = {
  email: "anna@example.com",
  timestamp: 1_795_246_000,
  event: "delivered",
  sg_event_id: "a",
  delivery_id: "42",
  message_id: "<42@x>",
};
const body = `${JSON.stringify([event])}\r\n`;
const now = "2026-11-21T07:28:03Z";
const seconds = "1795246083";

const open = (more: Partial<WebhookParts> = {}) => {
  const taken: GridEvent[] = [];
  const take = async (one: GridEvent) => void taken.push(one);
  const app = sendgridWebhook({ publicKey: shown, clock: testClock(now), log: keptLog(), take, ...more });
  const post = async (given: { body?: string; signature?: string; timestamp?: string } = {}) => {
    const { body: text = body, timestamp = seconds } = given;
    const signature = given.signature ?? sign(text, timestamp);
    const headers = {
      "X-Twilio-Email-Event-Webhook-Signature": signature,
      "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    };
    return (await app.request("/webhooks/sendgrid", { method: "POST", body: text, headers })).status;
  };
  return { taken, post, app };
};

test("events signed with SendGrid's key are taken in before the answer", async () => {
  const { post, taken } = open();
  expect(await post()).toBe(204);
  expect(taken).toMatchObject([{ deliveryId: "42", kind: "delivered" }]);
});

test("the signature of SendGrid's own example is accepted by its key, and by no other", async () => {
  // The example that SendGrid publishes with its packages.
  const example = {
    body: `${JSON.stringify([{ email: "hello@world.com", event: "dropped", reason: "Bounced Address", sg_event_id: "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA", sg_message_id: "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0", "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>", timestamp: 1600112492 }])}\r\n`,
    signature: "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
    timestamp: "1600112502",
  };
  const key =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
  const clock = testClock("2020-09-14T19:41:42Z");
  expect(await open({ publicKey: key, clock }).post(example)).toBe(204);
  expect(await open({ clock }).post(example)).toBe(403);
});

test.each([
  [
    "another key's signature",
    { signature: sign(body, seconds, generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey) },
    403,
  ],
  ["another body's signature", { signature: sign("[]", seconds) }, 403],
  ["another moment's signature", { signature: sign(body, "1795246082") }, 403],
  ["no signature", { signature: "" }, 403],
  ["a signature that is none", { signature: "AAAA" }, 403],
  ["a request that was kept for 26 hours", { timestamp: "1795152483" }, 403],
  ["a request from the future", { timestamp: "1795247043" }, 403],
  ["a timestamp that is none", { timestamp: "now" }, 403],
  ["a body that is no list", { body: "{}" }, 400],
  ["a body above the limit", { body: `[${" ".repeat(2 * 1024 * 1024)}]` }, 413],
] as const)("%s changes nothing", async (_, given, status) => {
  const { post, taken } = open();
  expect(await post(given)).toBe(status);
  expect(taken).toEqual([]);
});

test("a request that SendGrid repeats for the twenty-fourth hour is taken", async () => {
  const { post, taken } = open();
  expect(await post({ timestamp: "1795159743" })).toBe(204);
  expect(taken).toHaveLength(1);
});

test("without a key nobody may post events", async () => {
  const { post, taken } = open({ publicKey: null });
  expect(await post()).toBe(404);
  expect(taken).toEqual([]);
});

test("what can't be taken in now is not answered with success, so that SendGrid sends it again", async () => {
  const { post } = open({ take: async () => Promise.reject(new Error("the database is away")) });
  expect(await post()).toBe(503);
});

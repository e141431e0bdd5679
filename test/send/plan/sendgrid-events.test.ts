import fc from "fast-check";
import { expect, test } from "vitest";
import { readEvents } from "#send/plan/sendgrid-events.ts";

// The fields are those of SendGrid's Event Webhook Reference: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
const event = (more: Readonly<Record<string, unknown>> = {}) => ({
  email: "anna@example.com",
  timestamp: 1_795_246_083,
  event: "delivered",
  "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
  category: ["daily-sales"],
  sg_event_id: "ZGVsaXZlcmVk",
  sg_message_id: "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
  delivery_id: "42",
  message_id: "<42.1a2b3c4d@example.com>",
  ...more,
});
const read = (...events: readonly unknown[]) => readEvents(JSON.stringify(events));

test("an event names its delivery, its message, its moment and what was said", () => {
  const [got] = read(event({ response: "250 OK" })) ?? [];
  expect({ ...got, at: String(got?.at) }).toEqual({
    key: "sendgrid:ZGVsaXZlcmVk",
    deliveryId: "42",
    messageId: "<42.1a2b3c4d@example.com>",
    kind: "delivered",
    email: "anna@example.com",
    words: "250 OK",
    at: "2026-11-21T07:28:03Z",
    isAddressBad: false,
  });
});

test.each([
  ["processed", {}, "taken", false],
  ["deferred", {}, "deferred", false],
  ["bounce", { type: "bounce", reason: "550 no such user" }, "bounced", true],
  ["bounce", { type: "blocked", reason: "421 too many" }, "refused", false],
  ["dropped", { reason: "Bounced Address" }, "dropped", true],
  ["dropped", { reason: "Unsubscribed Address" }, "dropped", false],
  ["dropped", { reason: "Recipient List over Package Quota" }, "dropped", false],
  ["spamreport", {}, "complained", false],
  ["unsubscribe", {}, "unsubscribed", true],
  ["group_unsubscribe", { asm_group_id: 1 }, "unsubscribed", false],
] as const)("%s %o is %s", (name, more, ...[kind, isAddressBad]) => {
  expect(read(event({ event: name, ...more }))).toMatchObject([{ kind, isAddressBad }]);
});

test.each([
  ["opens and clicks", event({ event: "open" })],
  ["events of other programs on the same account", event({ delivery_id: undefined })],
  ["an event without an id of its own", event({ sg_event_id: "" })],
  ["a delivery that is no number", event({ delivery_id: "42; drop table deliveries" })],
  ["a moment that is none", event({ timestamp: "yesterday" })],
  ["a number in place of an event", 7],
  ["null", null],
])("%s are passed over", (_, odd) => {
  expect(read(odd, event())).toHaveLength(1);
});

test("whatever the body holds, the answer is a list or that it is none", () => {
  expect(readEvents('{"event":"delivered"}')).toBeNull();
  expect(readEvents("not JSON")).toBeNull();
  fc.assert(fc.property(fc.json(), (body) => readEvents(body) === null || Array.isArray(readEvents(body))));
});

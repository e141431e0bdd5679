import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { pagerDutyChannel } from "#alert/pagerduty.ts";
import { pingChannel, sendPing } from "#alert/ping.ts";
import type { AlertChannel } from "#alert/port.ts";
import { slackChannel } from "#alert/slack.ts";
import { webhookChannel } from "#alert/webhook.ts";
import type { Alert } from "#model/alert.ts";
import { isFault } from "#model/fault.ts";
import { testClock } from "../support/clock.ts";
import { startReceiver } from "../support/receiver.ts";

const clock = testClock("2026-11-20T06:00:00Z");
const { signal } = new AbortController();
const alert: Alert = {
  id: "7",
  key: "failed:42",
  severity: "critical",
  subject: "daily-sales: 3 emails did not go out",
  lines: ["Because: <the server> & *its* words", "daybreak deliveries list --slot 42"],
  to: null,
};

test("a webhook is told as JSON whose signature its receiver can work out", async () => {
  await using receiver = await startReceiver();
  await webhookChannel({ url: `${receiver.url}/in?a=b`, secret: "a secret" }, clock).tell(alert, signal);
  const [got] = receiver.got;
  expect(got?.path).toBe("/in?a=b");
  expect(JSON.parse(got?.body ?? "")).toEqual({ ...alert, at: "2026-11-20T06:00:00Z" });
  const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(got?.headers["daybreak-signature"])) ?? [];
  expect(seconds).toBe("1795154400");
  expect(hex).toBe(createHmac("sha256", "a secret").update(`${seconds}.${got?.body}`).digest("hex"));
});

test("without a secret a webhook's requests are not signed", async () => {
  await using receiver = await startReceiver();
  await webhookChannel({ url: receiver.url, secret: null }, clock).tell(alert, signal);
  expect(receiver.got[0]?.headers).not.toHaveProperty("daybreak-signature");
});

test("Slack gets one text in which nobody's words become a link or a mention", async () => {
  await using receiver = await startReceiver();
  await slackChannel(`${receiver.url}/services/T/B/x`).tell(alert, signal);
  const { text } = JSON.parse(receiver.got[0]?.body ?? "") as { text: string };
  expect(text.split("\n")[0]).toBe(":rotating_light: *daily-sales: 3 emails did not go out*");
  expect(text).toContain("Because: &lt;the server&gt; &amp; ∗its∗ words");
});

test("PagerDuty gets one incident that is resolved under the same key; another opening is another incident", async () => {
  await using receiver = await startReceiver();
  const channel = pagerDutyChannel({ key: "routing", url: `${receiver.url}/`, source: "bi-1" });
  await channel.tell(alert, signal);
  await channel.tell({ ...alert, severity: "recovered" }, signal);
  await channel.tell({ ...alert, id: "8" }, signal);
  const [opened, resolved, again] = receiver.got.map(({ body }) => JSON.parse(body));
  expect(receiver.got[0]?.path).toBe("/v2/enqueue");
  expect(opened).toMatchObject({
    routing_key: "routing",
    event_action: "trigger",
    payload: { summary: alert.subject, source: "bi-1", severity: "critical" },
  });
  expect(resolved).toEqual({ routing_key: "routing", event_action: "resolve", dedup_key: opened.dedup_key });
  expect(again.dedup_key).not.toBe(opened.dedup_key);
});

test("a ping goes to its address, a failed one to /fail below it, and only what is critical is one", async () => {
  await using receiver = await startReceiver();
  await sendPing(`${receiver.url}/ping/uuid`, { isWell: true, words: "daily-sales: 12 sent" }, signal);
  const channel = pingChannel(`${receiver.url}/ping/uuid/?create=1`);
  await channel.tell({ ...alert, severity: "warning" }, signal);
  await channel.tell({ ...alert, severity: "recovered" }, signal);
  await channel.tell(alert, signal);
  expect(receiver.got.map(({ path }) => path)).toEqual(["/ping/uuid", "/ping/uuid/fail?create=1"]);
  expect(receiver.got[0]?.body).toBe("daily-sales: 12 sent");
});

const channels = (url: string): readonly AlertChannel[] => [
  webhookChannel({ url: `${url}/hidden`, secret: null }, clock),
  slackChannel(`${url}/hidden`),
  pagerDutyChannel({ key: "hidden", url, source: "bi-1" }),
  pingChannel(`${url}/hidden`),
];

test.each([500, 404, 302])("an answer of %i is a fault that tells the host and never the address", async (status) => {
  await using receiver = await startReceiver();
  receiver.answer(status);
  for (const channel of channels(receiver.url)) {
    const fault = await channel.tell(alert, signal).catch((error: unknown) => error);
    expect(isFault(fault, "alert.untold")).toBe(true);
    expect(String(fault)).toContain(`answered ${status}`);
    expect(String(fault)).not.toContain("hidden");
  }
  expect(receiver.got).toHaveLength(4);
});

test("an address at which nobody listens is a fault, too", async () => {
  const receiver = await startReceiver();
  await receiver[Symbol.asyncDispose]();
  for (const channel of channels(receiver.url))
    await expect(channel.tell(alert, signal)).rejects.toMatchObject({ code: "alert.untold", retry: "later" });
});

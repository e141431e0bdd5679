/** What is told of emails after they left, over a daemon's own loops: a mailbox of bounces, and SendGrid's webhook. */
import { createSign, generateKeyPairSync } from "node:crypto";
import { expect, test, vi } from "vitest";
import { openHttp, openOwnMetrics, webOf } from "#app/http.ts";
import { allSuppressions } from "#store/people.ts";
import { findDovecot, startImap } from "../support/imap.ts";
import { openMorning, untilClosed } from "../support/morning.ts";
import { argumentsOf, startGrid } from "../support/sendgrid.ts";
import { startSink } from "../support/sink.ts";

const people = ["anna", "ben"];
const list = ["email,name,region", ...people.map((name) => `${name}@example.com,${name},North`)].join("\n");
const from = "BI Team <bi@example.com>";

const dovecot = await findDovecot();
if ("reason" in dovecot) console.log(`SKIPPED: a morning whose bounces come to a real IMAP server: ${dovecot.reason}`);

const bounceOf = (path: string): string =>
  [
    "Return-Path: <>",
    `Delivered-To: ${path}`,
    "From: MAILER-DAEMON@mx.example.net",
    `To: ${path}`,
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    "",
    "--b",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; mx.example.net",
    "",
    "Final-Recipient: rfc822; anna@example.com",
    "Action: failed",
    "Status: 5.1.1",
    "Diagnostic-Code: smtp; 550 5.1.1 no such user",
    "--b--",
    "",
  ].join("\r\n");

test.skipIf("reason" in dovecot)(
  "who can't be reached gets nothing from the next morning on, and an operator is told",
  async () => {
    await using sink = await startSink();
    await using imap = await startImap("root" in dovecot ? dovecot.root : "");
    vi.stubEnv("DAYBREAK_BOUNCES_PASSWORD", imap.password);
    const url = imap.url.replace("imap://", `imap://${imap.user}@`);
    const bounces = { address: "bounces@mail.example.com", imap: url, everyMs: 1_000 };
    await using morning = await openMorning({ people: list, config: { mail: { from, via: sink.url, bounces } } });
    vi.unstubAllEnvs();
    await morning.makeDue();
    const work = morning.begin();
    await morning.closed();
    const path = sink.messages.find(({ to }) => to.includes("anna@example.com"))?.from ?? "";
    expect(path).toMatch(/^bounces\+\d+\.[0-9a-f]+@mail\.example\.com$/);
    const read = morning.log.next("bounces.read");
    await imap.deliver("INBOX", bounceOf(path));
    await read;
    expect(await allSuppressions(morning.pool)).toMatchObject([{ email: "anna@example.com" }]);
    const { rows } = await morning.pool.query("select key from alerts where key like 'bounces:%'");
    expect(rows).toHaveLength(1);
    await morning.makeDue("2026-11-21T06:00:00Z");
    await untilClosed(morning.pool, morning.log);
    await work.stop();
    expect(sink.messages.map(({ to }) => to.join()).sort()).toEqual([
      "anna@example.com",
      "ben@example.com",
      "ben@example.com",
    ]);
  },
);

test("emails that SendGrid took without a word are uncertain until its webhook tells of them", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const webhookKey = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  await using grid = await startGrid();
  grid.misbehave({ kind: "reset-after-taking" });
  vi.stubEnv("SENDGRID_API_KEY", grid.apiKey);
  const mail = { from, via: "sendgrid", sendgrid: { url: grid.url, webhookKey } };
  await using morning = await openMorning({ people: list, config: { mail } });
  vi.unstubAllEnvs();
  const watched = { metrics: openOwnMetrics(), loops: () => [] };
  await using http = await openHttp(
    { host: "127.0.0.1", port: 0 },
    { loops: () => [], fetch: (request) => webOf(morning.app, watched)(request) },
  );
  expect((await morning.live()).map(({ state }) => state)).toEqual(["uncertain", "uncertain"]);
  const events = grid.taken.map(({ request }, at) => ({
    email: request.personalizations[0]?.to[0]?.email,
    event: "delivered",
    sg_event_id: `event-${at}`,
    timestamp: Math.floor(morning.clock.now().epochMilliseconds / 1_000),
    response: "250 OK",
    ...argumentsOf(request),
  }));
  const body = JSON.stringify(events);
  const timestamp = String(Math.floor(morning.clock.now().epochMilliseconds / 1_000));
  const post = async (key = privateKey): Promise<number> => {
    const signature = createSign("sha256")
      .update(timestamp + body)
      .sign(key, "base64");
    const headers = {
      "X-Twilio-Email-Event-Webhook-Signature": signature,
      "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    };
    return (await fetch(`http://127.0.0.1:${http.port}/webhooks/sendgrid`, { method: "POST", body, headers })).status;
  };
  expect(await post(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey)).toBe(403);
  expect((await morning.deliveries()).map(({ state }) => state)).toEqual(["uncertain", "uncertain"]);
  expect([await post(), await post()]).toEqual([204, 204]);
  expect((await morning.deliveries()).map(({ state }) => state)).toEqual(["sent", "sent"]);
  expect(grid.taken).toHaveLength(people.length);
});

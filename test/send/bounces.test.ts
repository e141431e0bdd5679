import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type BounceParts, readBounces } from "#send/bounces.ts";
import { type ImapSettings, imapMailbox } from "#send/mailbox/imap.ts";
import { folderMailer } from "#send/mailers/folder.ts";
import { smtpMailer } from "#send/mailers/smtp.ts";
import { returnPathOf } from "#send/plan/return-path.ts";
import { mailEventsOf } from "#store/mail-events.ts";
import { allSuppressions } from "#store/people.ts";
import { openPool } from "#store/pool.ts";
import { findDovecot, type ImapServer, startImap } from "../support/imap.ts";
import { keptAlerts } from "../support/kept-alerts.ts";
import { openPosting, type Posting } from "../support/posting.ts";
import { startSink } from "../support/sink.ts";

const dovecot = await findDovecot();
if ("reason" in dovecot) console.log(`SKIPPED: the bounce mailbox over a real IMAP server: ${dovecot.reason}`);

const address = "bounces@mail.example.com";
const calm = new AbortController().signal;

const bounceTo = (
  path: string,
  of: string,
  more: { readonly status?: string; readonly action?: string } = {},
): string =>
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
    `Final-Recipient: rfc822; ${of}`,
    `Action: ${more.action ?? "failed"}`,
    `Status: ${more.status ?? "5.1.1"}`,
    `Diagnostic-Code: smtp; 550 ${more.status ?? "5.1.1"} said so`,
    "--b--",
    "",
  ].join("\r\n");

const settingsOf = ({ url, user, password }: ImapServer, more: Partial<ImapSettings> = {}): ImapSettings => ({
  ...{ url, user, password, folder: "INBOX", done: "Daybreak", limitMs: 10_000 },
  ...more,
});

const partsOf = ({ pool, clock, log }: Posting, server: ImapServer) => {
  const alerts = keptAlerts();
  const parts: BounceParts = { pool, clock, log, alerts, address, mailbox: imapMailbox(settingsOf(server)) };
  return { parts, alerts };
};

const openAway = () =>
  openPool("postgres://nobody@127.0.0.1:1/none", { max: 1, statementTimeoutMs: 1_000, applicationName: "test" });

/** The return path that a mail server was told. */
const pathOf = (place: Posting, id: string): string =>
  returnPathOf(address, { deliveryId: id, sha256: createHash("sha256").update(place.message(id).bytes).digest("hex") });

describe.skipIf("reason" in dovecot)("the bounce mailbox, over Dovecot", () => {
  const start = () => startImap("root" in dovecot ? dovecot.root : "");

  test("an email that was sent by smtp carries its return path, and its bounce finds back to it", async () => {
    await using sink = await startSink();
    await using server = await start();
    const returnPath = ({ deliveryId, bytes }: { readonly deliveryId: string; readonly bytes: Uint8Array }) =>
      returnPathOf(address, { deliveryId, sha256: createHash("sha256").update(bytes).digest("hex") });
    const mailer = smtpMailer({
      url: sink.url,
      user: null,
      password: null,
      connections: 1,
      limitMs: 5_000,
      returnPath,
    });
    await using place = await openPosting(mailer);
    const id = await place.compose("anna");
    await place.postAll();
    const [sunk] = sink.messages;
    expect(sunk?.data).toContain("From: BI Team <bi@example.com>");
    await server.deliver("INBOX", bounceTo(sunk?.from ?? "", "anna@example.com"));
    const { parts, alerts } = partsOf(place, server);
    expect(await readBounces(parts, calm)).toBe(1);
    expect(await place.delivery(id)).toMatchObject({
      state: "sent",
      reason: expect.stringMatching(/came back .*550 5\.1\.1 said so/),
    });
    expect(await allSuppressions(place.pool)).toMatchObject([{ email: "anna@example.com" }]);
    expect(alerts.raised).toHaveLength(1);
  });

  test("what was read is put aside and not marked, and is news only once", async () => {
    await using server = await start();
    await using place = await openPosting(folderMailer({ dir: "/tmp/daybreak-never" }));
    const id = await place.compose("anna");
    await place.pool.query("update deliveries set state = 'sending', owner = 'x', deadline = now() where id = $1", [
      id,
    ]);
    await place.pool.query("update deliveries set state = 'sent', attempts = 1 where id = $1", [id]);
    const bounce = bounceTo(pathOf(place, id), "anna@example.com", { status: "5.2.2" });
    const others = ["From: anna@example.com\r\nTo: bounces@mail.example.com\r\n\r\nThanks!\r\n", "garbage", ""];
    for (const text of [bounce, ...others]) await server.deliver("INBOX", text);
    const { parts } = partsOf(place, server);
    expect(await readBounces(parts, calm)).toBe(4);
    expect(await server.emails("INBOX")).toEqual([]);
    expect((await server.emails("Daybreak")).map(({ isSeen }) => isSeen)).toEqual([false, false, false, false]);
    expect(await readBounces(parts, calm)).toBe(0);
    // The process died after it had taken the news in and before the email was moved: it is read again.
    await server.deliver("INBOX", bounce);
    expect(await readBounces(parts, calm)).toBe(1);
    expect(await mailEventsOf(place.pool, id)).toMatchObject([{ kind: "bounced", email: "anna@example.com" }]);
    expect(await allSuppressions(place.pool)).toEqual([]);
  });

  test("an invented bounce changes nothing: neither another token nor another address", async () => {
    await using server = await start();
    await using place = await openPosting(folderMailer({ dir: "/tmp/daybreak-never" }));
    const [id, other] = [await place.compose("anna"), await place.compose("ben")];
    const wrong = returnPathOf(address, { deliveryId: id, sha256: "ab".repeat(32) });
    const swapped = pathOf(place, other).replace(`+${other}.`, `+${id}.`);
    for (const path of [wrong, swapped, "bounces+999.ab12ab12ab12ab12ab12@mail.example.com"])
      await server.deliver("INBOX", bounceTo(path, "anna@example.com"));
    const { parts, alerts } = partsOf(place, server);
    expect(await readBounces(parts, calm)).toBe(3);
    expect(await allSuppressions(place.pool)).toEqual([]);
    expect(await mailEventsOf(place.pool, id)).toEqual([]);
    expect(alerts.raised).toEqual([]);
  });

  test("a database that is away leaves every email where it is", async () => {
    await using server = await start();
    await using place = await openPosting(folderMailer({ dir: "/tmp/daybreak-never" }));
    const id = await place.compose("anna");
    await server.deliver("INBOX", bounceTo(pathOf(place, id), "anna@example.com"));
    const { parts } = partsOf(place, server);
    const away = openAway();
    await expect(readBounces({ ...parts, pool: away }, calm)).rejects.toMatchObject({ code: "store.unreachable" });
    await away[Symbol.asyncDispose]();
    expect(await server.emails("INBOX")).toHaveLength(1);
    expect(await readBounces(parts, calm)).toBe(1);
  });

  test("a wrong password and a server that is away are told, without the password", async () => {
    await using server = await start();
    await server.deliver("INBOX", "garbage");
    expect(await imapMailbox(settingsOf(server)).count(calm)).toBe(1);
    const gone = imapMailbox(settingsOf(server, { folder: "Elsewhere" }));
    await expect(gone.count(calm)).rejects.toMatchObject({ code: "send.temporary" });
    for (const more of [{ password: "wrong" }, { url: "imap://127.0.0.1:1" }]) {
      const mailbox = imapMailbox(settingsOf(server, more));
      const fault: unknown = await mailbox.readEach(1, async () => true, calm).catch((error: unknown) => error);
      expect(fault).toMatchObject({ code: "send.temporary", hint: expect.stringMatching(/mail\.bounces/) });
      expect(JSON.stringify(fault, Object.getOwnPropertyNames(fault))).not.toMatch(/"wrong"|a secret/);
    }
  });
});

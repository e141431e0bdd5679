import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBounce } from "#send/plan/bounce.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text.replaceAll("\n", "\r\n"));
const path = "bounces+42.ab12ab12ab12ab12ab12@mail.example.com";

/** A report of the form that RFC 3464 gives, with what servers put into it. */
const report = (status: string, more: { readonly headers?: string; readonly text?: string } = {}): Uint8Array =>
  bytes(`Return-Path: <>
Delivered-To: ${path}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: ${path}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
${more.headers ?? 'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="9B095B5ADSN/mx.example.net"'}

This is a MIME-encapsulated message.

--9B095B5ADSN/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

${more.text ?? "I'm sorry to have to inform you that your message could not be delivered."}

--9B095B5ADSN/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

${status}

--9B095B5ADSN/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <${path}>
Subject: North 12,340
Message-ID: <42.1a2b3c4d@example.com>

body
--9B095B5ADSN/mx.example.net--
`);

const postfix = `Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4Rz5nR3kq5z9vLq
X-Postfix-Sender: rfc822; ${path}
Arrival-Date: Thu, 19 Nov 2026 07:00:03 +0100 (CET)

Final-Recipient: rfc822; anna@example.net
Original-Recipient: rfc822;anna@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 550 5.1.1 <anna@example.net>: Recipient address
    rejected: User unknown in virtual mailbox table`;

const exchange = `Reporting-MTA: dns;AM0PR04MB1234.eurprd04.prod.outlook.com
Received-From-MTA: dns;mail.example.com
Arrival-Date: Thu, 19 Nov 2026 06:00:03 +0000

Final-Recipient: rfc822;Anna.Berg@contoso.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient Anna.Berg@contoso.example not found by SMTP address lookup
X-Display-Name: Anna Berg`;

const gmail = `Reporting-MTA: dns; googlemail.com
Arrival-Date: Wed, 18 Nov 2026 22:00:03 -0800 (PST)
X-Original-Message-ID: <42.1a2b3c4d@example.com>

Final-Recipient: rfc822; anna@gmail.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; gmail-smtp-in.l.google.com. (142.250.27.27, the server for the domain gmail.example.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces. Learn more at https://support.google.com/mail/?p=NoSuchUser
Last-Attempt-Date: Wed, 18 Nov 2026 22:00:04 -0800 (PST)`;

describe("a report of delivery", () => {
  test.each([
    [
      "Postfix",
      postfix,
      "anna@example.net",
      /^550 5\.1\.1 <anna@example\.net>: Recipient address rejected: User unknown/,
    ],
    ["Exchange", exchange, "Anna.Berg@contoso.example", /^550 5\.1\.10 RESOLVER\.ADR\.RecipientNotFound/],
    ["Gmail", gmail, "anna@gmail.example", /^550-5\.1\.1 The email account that you tried to reach does not exist/],
  ])("of %s for an address that doesn't exist names it, with the server's words", (_, status, ...[email, words]) => {
    const { sentTo, returned } = readBounce(report(status as string));
    expect(sentTo).toEqual([path]);
    expect(returned).toEqual([
      { email, kind: "bounced", isAddressBad: true, words: expect.stringMatching(words ?? "") },
    ]);
  });

  const one = (action: string, status: string, diagnostic = "") =>
    readBounce(
      report(
        `Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\nAction: ${action}\nStatus: ${status}\n${diagnostic}`,
      ),
    ).returned[0];

  test.each([
    ["a full mailbox", "failed", "5.2.2", "bounced", false],
    ["a disabled mailbox", "failed", "5.2.1", "bounced", true],
    ["a domain that isn't there", "failed", "5.1.2", "bounced", true],
    ["no route", "failed", "5.4.4", "bounced", true],
    ["a refusal by policy", "failed", "5.7.1", "bounced", false],
    ["a message that is too large", "failed", "5.3.4", "bounced", false],
    ["days of trying", "failed", "4.4.7", "refused", false],
    ["a delay", "delayed", "4.4.1", "deferred", false],
    ["a success", "delivered", "2.0.0", "delivered", false],
    ["a relay", "relayed", "2.0.0", "taken", false],
  ] as const)("about %s is understood", (_, action, ...[status, kind, isAddressBad]) => {
    expect(one(action, String(status))).toMatchObject({ kind, isAddressBad });
  });

  test("that says 5.0.0 is judged by its diagnosis", () => {
    expect(one("failed", "5.0.0", "Diagnostic-Code: smtp; 550 5.1.1 no mailbox here")).toMatchObject({
      isAddressBad: true,
    });
    expect(one("failed", "5.0.0", "Diagnostic-Code: smtp; 554 no such user here")).toMatchObject({
      isAddressBad: true,
    });
    expect(one("failed", "5.0.0", "Diagnostic-Code: smtp; 554 rejected as spam")).toMatchObject({
      isAddressBad: false,
    });
    expect(
      one("failed", "5.4.1", "Diagnostic-Code: smtp;550 5.4.1 Recipient address rejected: Access denied"),
    ).toMatchObject({ isAddressBad: true });
  });

  test("about several recipients has a word about each", () => {
    const two = `${postfix}\n\nFinal-Recipient: rfc822; boss@example.net\nAction: delayed\nStatus: 4.4.1`;
    expect(readBounce(report(two)).returned).toMatchObject([
      { email: "anna@example.net", kind: "bounced" },
      { email: "boss@example.net", kind: "deferred" },
    ]);
  });

  test("in base64, as some gateways write it, is read the same", () => {
    const encoded = btoa(postfix.replaceAll("\n", "\r\n")).replaceAll(/(.{76})/g, "$1\n");
    const text = new TextDecoder().decode(report("STATUS"));
    const whole = text
      .replace(
        "Content-Type: message/delivery-status\r\n",
        "Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n",
      )
      .replace("STATUS", encoded);
    expect(readBounce(new TextEncoder().encode(whole)).returned).toMatchObject([
      { email: "anna@example.net", kind: "bounced" },
    ]);
  });

  test("whose end was cut off is read as far as it goes", () => {
    const text = new TextDecoder().decode(report(postfix));
    const cut = new TextEncoder().encode(
      text.slice(0, text.indexOf("--9B095B5ADSN/mx.example.net\r\nContent-Description: Undelivered")),
    );
    expect(readBounce(cut).returned).toMatchObject([
      { email: "anna@example.net", kind: "bounced", isAddressBad: true },
    ]);
  });
});

describe("other letters", () => {
  test("an old server's plain letter is read by its words", () => {
    const qmail = `Return-Path: <>
Delivered-To: ${path}
From: MAILER-DAEMON@mail.example.org
To: ${path}
Subject: failure notice

Hi. This is the qmail-send program at mail.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.

<anna@example.org>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 unknown user
Giving up on 192.0.2.7.
`;
    expect(readBounce(bytes(qmail))).toEqual({
      sentTo: [path],
      returned: [
        {
          email: "anna@example.org",
          kind: "bounced",
          isAddressBad: true,
          words: "Remote host said: 550 5.1.1 unknown user",
        },
      ],
    });
  });

  test("a complaint is one", () => {
    const arf = `From: <feedback@isp.example>
To: ${path}
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <anna@example.net>
--b--
`;
    expect(readBounce(bytes(arf)).returned).toEqual([
      { email: "anna@example.net", kind: "complained", words: "abuse", isAddressBad: false },
    ]);
  });

  test.each([
    [
      "an absence note",
      `From: Anna <anna@example.net>\nTo: ${path}\nAuto-Submitted: auto-replied\n\nI am away. Error 550 5.1.1 is my favourite.\n`,
    ],
    [
      "an absence note without a sender",
      `Return-Path: <>\nFrom: Anna <anna@example.net>\nTo: ${path}\nAuto-Submitted: auto-replied (vacation)\n\nAway\n`,
    ],
    ["a person's answer", `From: Anna <anna@example.net>\nTo: ${path}\n\nThanks! 550 5.1.1\n`],
    ["nothing", ""],
  ])("%s is no report", (_, text) => {
    expect(readBounce(bytes(text)).returned).toEqual([]);
  });

  test("whatever the bytes hold, there is an answer, with words on one line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (noise, words) => {
        const whole = Uint8Array.from([...report(`${postfix}\n${words}`), ...noise]);
        for (const { words: said } of [...readBounce(noise).returned, ...readBounce(whole).returned])
          if (/[\r\n\0]/.test(said)) return false;
        return true;
      }),
    );
  });
});

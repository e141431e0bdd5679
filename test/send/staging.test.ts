import { expect, test } from "vitest";
import { letterOf } from "#send/mailers/sendgrid-letter.ts";
import { stagedMailer } from "#send/mailers/staged.ts";
import { staged, stagedRecipients } from "#send/plan/staging.ts";
import type { Mailer } from "#send/port.ts";

const rules = (onlyTo: readonly string[] | null, redirectTo: string | null = null) => ({ onlyTo, redirectTo });
const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
const raw = (head: string) => Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "utf8"), bytes]);
const message = (head: string, recipients = ["anna@example.com", "ben@example.org"]) => ({
  ...{ deliveryId: "7", messageId: "<7@example.com>", from: "bi@example.com", recipients, subject: "Sales" },
  bytes: raw(head),
});

test.each([
  [["example.com"], ["anna@example.com"]],
  [
    ["EXAMPLE.com".toLowerCase(), "@example.org"],
    ["anna@example.com", "Ben@Example.org"],
  ],
  [["ben@example.org"], ["Ben@Example.org"]],
  [["ample.com", "com", "a@example.com", "anna@example.com.evil.example"], []],
])("only %j lets mail out to %j", (onlyTo, allowed) => {
  expect(stagedRecipients(["anna@example.com", "Ben@Example.org"], rules(onlyTo))).toEqual(allowed);
});

test("the header names who gets it, its subject is marked, and every byte of the body stays", () => {
  const head =
    "From: bi@example.com\r\nTo: Anna <anna@example.com>\r\nCc: ben@example.org,\r\n cleo@example.org\r\nSubject: =?UTF-8?Q?Z=C3=BCrich?=\r\n  and more\r\nList-Unsubscribe: <https://example.com/stop>\r\nX-Daybreak-Report: sales";
  const out = staged(message(head), rules(null, "test@example.com"));
  const [header = "", ...rest] = Buffer.from(out?.bytes ?? [])
    .toString("latin1")
    .split("\r\n\r\n");
  expect(header.split("\r\n")).toEqual([
    "To: test@example.com",
    "X-Daybreak-Original-To: anna@example.com,",
    " ben@example.org",
    "From: bi@example.com",
    "Subject: [staging, for anna@example.com]",
    " =?UTF-8?Q?Z=C3=BCrich?=",
    "  and more",
    "X-Daybreak-Report: sales",
  ]);
  expect(Buffer.from(rest.join("\r\n\r\n"), "latin1")).toEqual(Buffer.from(bytes));
  expect(out).toMatchObject({ recipients: ["test@example.com"], subject: "[staging, for anna@example.com] Sales" });
});

test("an address that isn't ASCII stands in the header in UTF-8 and not in the subject", () => {
  const out = staged(message("Subject: Sales", ["bén@example.org"]), rules(null, "test@example.com"));
  const header = Buffer.from(out?.bytes ?? []).toString("utf8");
  expect(header).toContain("X-Daybreak-Original-To: bén@example.org");
  expect(out?.subject).toBe("[staging] Sales");
});

test("through SendGrid, too, everything goes to the one mailbox, whoever the header named", () => {
  const head = "From: bi@example.com\r\nTo: Anna <anna@example.com>\r\nCc: ben@example.org\r\nSubject: Sales";
  const original = message(head, ["anna@example.com", "ben@example.org", "hidden@example.com"]);
  const out = staged(original, rules(null, "test@example.com")) ?? original;
  const letter = letterOf(out, { sandbox: false, groupOf: () => null });
  expect(letter).toMatchObject({
    to: [{ email: "test@example.com" }],
    subject: "[staging, for anna@example.com] Sales",
    headers: { "X-Daybreak-Original-To": "anna@example.com, ben@example.org, hidden@example.com" },
  });
  expect([letter.cc, letter.bcc, letter.personalizations]).toEqual([undefined, undefined, undefined]);
});

test("an address with signs that mean something in replacements stands in the subject as it is", () => {
  const out = staged(message("Subject: Sales\r\nX-Other: a", ["$'$&$`@example.com"]), rules(null, "test@example.com"));
  const header = Buffer.from(out?.bytes ?? [])
    .toString("latin1")
    .split("\r\n\r\n")[0];
  expect(header).toContain("Subject: [staging, for $'$&$`@example.com]\r\n Sales\r\nX-Other: a");
});

test("nothing reaches the mailer that is for nobody who may get it, whoever asks", async () => {
  const taken: (readonly string[])[] = [];
  const inner: Mailer = {
    name: "kept",
    send: async ({ recipients }) => {
      taken.push(recipients);
      return { words: "taken", accepted: [], rejected: [] };
    },
    confirm: async () => "cannot-say",
    verify: async () => {},
    close: async () => {},
  };
  const mailer = stagedMailer(inner, rules(["other.example"]));
  const { signal } = new AbortController();
  await expect(mailer.send(message("To: anna@example.com"), signal)).rejects.toMatchObject({
    code: "send.refused",
    retry: "never",
  });
  await mailer.send(message("To: x", ["x@other.example", "anna@example.com"]), signal);
  expect(taken).toEqual([["x@other.example"]]);
});

import { z } from "zod";
import { address, choice, line, milliseconds, section, text, webUrl, whole } from "#config/schema/values.ts";

const yesOrNo = (meaning: string) =>
  z.boolean({ error: "must be true or false; write it without quotes" }).describe(meaning);

const group = () => whole(1, 2_147_483_647);

const sendgrid = () =>
  section({
    url: webUrl()
      .prefault("https://api.sendgrid.com")
      .describe("Address of the API; https://api.eu.sendgrid.com for accounts of the European region."),
    sandbox: yesOrNo("Emails are checked by SendGrid and sent to nobody.").prefault(false),
    suppressionGroup: z
      .union([group(), z.record(z.string(), group())])
      .optional()
      .describe("Number of the suppression group of all emails, or one for each report by its name."),
    webhookKey: line("a public key")
      .optional()
      .describe("Public key of the signed event webhook, as SendGrid shows it; without one nobody may post events."),
  });

const bounces = () =>
  section({
    address: address().optional().describe("Where emails that can't be delivered go back to: bounces@example.com."),
    imap: text("an imap address")
      .optional()
      .describe(
        "The mailbox of that address: imaps://user@mail.example.com; its password is DAYBREAK_BOUNCES_PASSWORD.",
      ),
    folder: line("a folder").prefault("INBOX").describe("Folder of the mailbox that is read."),
    done: line("a folder").prefault("Daybreak").describe("Folder that they are moved to once they have been read."),
    everyMs: milliseconds().prefault(120_000).describe("How often the mailbox is read."),
  });

/** Further keys of `mail`: what becomes of emails after they left. */
export const mailKeys = {
  whenUncertain: choice(["ask", "resend"])
    .prefault("ask")
    .describe("An email that may have been sent: ask somebody, or send it again, which may bring it twice."),
  sendgrid: sendgrid().prefault({}).describe("For via: sendgrid; the key is SENDGRID_API_KEY."),
  bounces: bounces().optional().describe("For smtp: who reads what comes back as undeliverable."),
};

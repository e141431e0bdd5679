import type sendgrid from "@sendgrid/mail";
import addressparser from "nodemailer/lib/addressparser";
import { Fault } from "#model/fault.ts";
import type { StoredMessage } from "#model/message.ts";
import { base64Of, decodeWords, headerWords, type MimePart, rawHeader, readMime, textOf } from "#send/plan/mime.ts";

/** What SendGrid is told about an email beside the email. */
export interface LetterSettings {
  /** It checks the request and sends nothing. */
  readonly sandbox: boolean;
  /** The suppression group that a report's emails belong to; `null`: none. */
  readonly groupOf: (report: string) => number | null;
}

/** What the package writes a request from. */
export type Letter = Exclude<Parameters<typeof sendgrid.send>[0], readonly unknown[]>;

interface Mailbox {
  readonly email: string;
  readonly name?: string;
}

/**
 * The stored email in the parts that SendGrid takes. It is read back from its bytes, so that there is one truth about what was sent;
 * who gets it is the envelope's, whatever the headers say.
 */
export const letterOf = (message: StoredMessage, settings: LetterSettings): Letter => {
  const mail = readMime(message.bytes);
  const report = rawHeader(mail, "X-Daybreak-Report") ?? "";
  const group = settings.groupOf(report);
  const [from] = mailboxes(mail, "From");
  const [replyTo] = mailboxes(mail, "Reply-To");
  return {
    from: from ?? { email: message.from },
    ...(replyTo === undefined ? {} : { replyTo }),
    subject: headerWords(mail, "Subject") ?? message.subject,
    ...readersOf(message, mail),
    ...contentOf(mail, message),
    attachments: filesOf(mail),
    headers: headersOf(mail),
    // These are kept for long over there and can't be removed: nothing of a person stands in them.
    customArgs: { delivery_id: message.deliveryId, message_id: message.messageId },
    ...(report === "" ? {} : { categories: [report.slice(0, longestCategory)] }),
    ...(group === null ? {} : { asm: { groupId: group } }),
    mailSettings: { sandboxMode: { enable: settings.sandbox } },
    // Links stay what the reader sees, and no picture is fetched from outside.
    trackingSettings: {
      clickTracking: { enable: false, enableText: false },
      openTracking: { enable: false },
      subscriptionTracking: { enable: false },
    },
    hideWarnings: true,
  };
};

const longestCategory = 255;

const mailboxes = (mail: MimePart, header: string): readonly Mailbox[] =>
  addressparser(rawHeader(mail, header) ?? "", { flatten: true }).flatMap(({ address, name }) => {
    if (!address) return [];
    return [name ? { email: address, name: decodeWords(name) } : { email: address }];
  });

interface Readers {
  readonly to: Mailbox[];
  readonly cc?: Mailbox[];
  readonly bcc?: Mailbox[];
}

/** SendGrid refuses an address that stands in two places, and an email without a `to`. */
const readersOf = ({ recipients, deliveryId }: StoredMessage, mail: MimePart): Readers => {
  const left = new Map(recipients.map((email) => [email.toLowerCase(), email]));
  const taken = (header: string): Mailbox[] =>
    mailboxes(mail, header).filter(({ email }) => left.delete(email.toLowerCase()));
  const named = taken("To");
  const cc = taken("Cc");
  const hidden = [...left.values()].map((email) => ({ email }));
  const to = named.length > 0 ? named : hidden.splice(0, 1);
  const first = to[0] ?? cc[0];
  if (first === undefined)
    throw new Fault("send.refused", `delivery ${deliveryId} has no recipient`, {
      hint: "Correct the person's address.",
    });
  return {
    to: to.length > 0 ? to : [first],
    ...(cc.length > 0 && to.length > 0 ? { cc } : {}),
    ...(hidden.length > 0 ? { bcc: hidden } : {}),
  };
};

/** Leaves of the email in their order. */
const leavesOf = (part: MimePart): readonly MimePart[] =>
  part.parts.length === 0 ? [part] : part.parts.flatMap(leavesOf);

const isText = ({ type, disposition }: MimePart): boolean =>
  ["text/plain", "text/html"].includes(type.value) && !["attachment", "inline"].includes(disposition.value);

/** SendGrid refuses an empty text. */
const contentOf = (mail: MimePart, { subject }: StoredMessage): { text: string; html?: string } => {
  const texts = leavesOf(mail).filter(isText);
  const [text = "", html = ""] = ["text/plain", "text/html"].map((type) => {
    const part = texts.find((one) => one.type.value === type);
    return part === undefined ? "" : textOf(part);
  });
  return { text: text || subject || "-", ...(html === "" ? {} : { html }) };
};

const filesOf = (mail: MimePart) =>
  leavesOf(mail)
    .filter((part) => !isText(part))
    .map((part, at) => {
      const contentId = rawHeader(part, "Content-ID")?.replace(/^<|>$/g, "");
      const isInline = part.disposition.value === "inline" && contentId !== undefined;
      return {
        content: base64Of(part),
        filename: part.disposition.parameters["filename"] ?? part.type.parameters["name"] ?? `file-${at + 1}`,
        type: part.type.value,
        disposition: isInline ? "inline" : "attachment",
        // The package turns names into SendGrid's spelling everywhere but in lists.
        ...(isInline ? { content_id: contentId } : {}),
      };
    });

/** Those that SendGrid writes itself and refuses to be given, and those of the MIME structure, which it makes anew. */
const reserved =
  /^(?:from|to|cc|bcc|subject|reply-to|date|mime-version|content-.*|x-sg-id|x-sg-eid|received|return-path|dkim-signature)$/;

const headersOf = (mail: MimePart): Record<string, string> =>
  Object.fromEntries(
    mail.headers.flatMap(([name, value]) =>
      reserved.test(name) ? [] : [[capitals(name), value.replaceAll(/[^ -~]/g, "?")] as const],
    ),
  );

/** `list-unsubscribe` → `List-Unsubscribe`: some filters look for the usual spelling. */
const capitals = (name: string): string =>
  name
    .replaceAll(/(^|-)([a-z])/g, (_, before: string, letter: string) => `${before}${letter.toUpperCase()}`)
    .replace(/-Id$/, "-ID")
    .replace(/^List-ID$/, "List-Id");

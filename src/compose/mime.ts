import { createHash } from "node:crypto";
import addressparser from "nodemailer/lib/addressparser";
import MailComposer from "nodemailer/lib/mail-composer";
import { base64Of, markedFile, withFiles } from "#compose/files.ts";
import { headerText } from "#compose/plan/subject.ts";
import { Fault } from "#model/fault.ts";
import type { Message, StoredMessage } from "#model/message.ts";
import type { Temporal } from "#model/time.ts";

/** What a message's own headers are made from. */
export interface Sender {
  readonly deliveryId: string;
  /** Name of the report, for List-Id and for whoever sorts the outbox. */
  readonly report: string;
  readonly reportTitle: string;
  /** `Name <a@b>`. */
  readonly from: string;
  /** Where a reader can stop this email, https; `null`: the header is left out. */
  readonly stopUrl: string | null;
}

/** Message-ID from the delivery's id, so that a double can be recognised: `<delivery@domain of the sender>`. */
export const messageIdOf = ({ deliveryId, from }: Pick<Sender, "deliveryId" | "from">): string =>
  `<${deliveryId.replaceAll(/[^\w.-]/g, "-")}@${domainOf(from)}>`;

/** The headers that say what kind of mail this is. */
export const headersFor = ({
  deliveryId,
  report,
  reportTitle,
  from,
  stopUrl,
}: Sender): Readonly<Record<string, string>> => ({
  // RFC 3834: keeps out-of-office replies away.
  "Auto-Submitted": "auto-generated",
  "List-Id": `${asciiPhrase(reportTitle)}<${report.replaceAll(/[^\w-]/g, "-")}.daybreak.${domainOf(from)}>`,
  "X-Daybreak-Delivery": deliveryId,
  "X-Daybreak-Report": report,
  // Without it Gmail folds a month of mornings with one subject into one thread.
  "X-Entity-Ref-ID": deliveryId,
  // RFC 8058: one click is a POST; a scanner that follows the link stops nothing.
  ...(stopUrl === null
    ? {}
    : { "List-Unsubscribe": `<${stopUrl}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }),
});

/**
 * A message as bytes: mixed(alternative(text, related(html, pictures)), attachments). The same message with the same date gives the same
 * bytes. Throws `compose.header` for a line break in any header; blind copies are in the envelope only.
 */
export const mimeOf = async (
  message: Message,
  date: Temporal.Instant,
  encode: typeof base64Of = base64Of,
): Promise<Uint8Array> => {
  refuseOddHeaders(message);
  const files = [...message.inline.map(inlinePart), ...message.attachments.map(filePart)].map(markedFile);
  const mail = new MailComposer({
    from: message.from,
    to: message.to,
    cc: [...message.cc],
    ...(message.replyTo === null ? {} : { replyTo: message.replyTo }),
    subject: message.subject,
    messageId: message.messageId,
    date: new Date(date.epochMilliseconds),
    headers: Object.entries(message.headers).map(([key, value]) => ({ key, value: asIs(key, value) })),
    text: message.text,
    html: message.html,
    attachments: files.map(({ part }) => part),
    // Texts hold names and figures of people, which are no addresses of files to read.
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: "win",
    baseBoundary: createHash("sha256").update(message.messageId).digest("hex").slice(0, 24),
  });
  return withFiles(await mail.compile().build(), files, encode);
};

/** What is stored and handed to a mailer: the bytes and the addresses that the mail server is told. */
export const storedMessage = async (
  message: Message,
  given: { readonly deliveryId: string; readonly date: Temporal.Instant; readonly encode?: typeof base64Of },
): Promise<StoredMessage> => ({
  deliveryId: given.deliveryId,
  messageId: message.messageId,
  from: bareAddress(message.from),
  recipients: [...new Set([message.to, ...message.cc, ...message.bcc].map(bareAddress))],
  subject: message.subject,
  bytes: await mimeOf(message, given.date, given.encode),
});

/**
 * ASCII goes as it stands: nodemailer would encode the brackets of a List-Id. Anything else is encoded by it. References it reads as text
 * and would write `[object Object]` otherwise.
 */
const asIs = (key: string, value: string) =>
  key !== "References" && /^[\x20-\x7e]*$/.test(value) ? { value, prepared: true, foldLines: true } : value;

const inlinePart = ({ cid, fileName, mediaType, content }: Message["inline"][number]) => ({
  cid,
  filename: fileName,
  contentType: mediaType,
  content,
  contentDisposition: "inline",
});

const filePart = ({ fileName, mediaType, content }: Message["attachments"][number]) => ({
  filename: fileName,
  contentType: mediaType,
  content,
  contentDisposition: "attachment",
});

const refuseOddHeaders = (message: Message): void => {
  for (const [field, text] of headerFields(message)) headerText(field, text);
  const odd = Object.keys(message.headers).find((name) => !/^[A-Za-z][A-Za-z0-9-]*$/.test(name));
  if (odd !== undefined)
    throw new Fault("compose.header", `“${odd}” is no header's name`, { hint: "Use letters, digits and “-”." });
  for (const address of [message.from, message.to, ...message.cc, ...message.bcc]) bareAddress(address);
};

const headerFields = ({
  from,
  to,
  cc,
  bcc,
  replyTo,
  subject,
  messageId,
  headers,
  inline,
  attachments,
}: Message): readonly (readonly [string, string])[] => [
  ["sender", from],
  ["recipient", to],
  ...[...cc, ...bcc].map((address) => ["copy", address] as const),
  ["reply address", replyTo ?? ""],
  ["subject", subject],
  ["Message-ID", messageId],
  ...Object.entries(headers).flatMap(([name, value]) => [["header's name", name] as const, [name, value] as const]),
  ...[...inline, ...attachments].flatMap(({ fileName, mediaType }) => [
    ["file name", fileName] as const,
    ["media type", mediaType] as const,
  ]),
  ...inline.map(({ cid }) => ["content id", cid] as const),
];

/** `Name <a@b>` → `a@b`; refused unless it is exactly one address. */
export const bareAddress = (text: string): string => {
  const [found, ...others] = addressparser(text);
  const address = found?.address ?? "";
  const isWhole = text.trim() === address || text.trim().endsWith(`<${address}>`);
  if (others.length > 0 || !isWhole || !/^[^\s<>@,;]+@[^\s<>@,;]+$/.test(address)) {
    throw new Fault("compose.header", `“${text.slice(0, 100)}” is not one email address`, {
      hint: "Correct the recipient's address, or mail.from.",
    });
  }
  return address;
};

const domainOf = (from: string): string => bareAddress(from).split("@").at(-1) ?? "localhost";

/** A name before an address in the form that every mail server reads. */
export const namedAddress = (name: string, address: string): string =>
  name.trim() === "" ? address : `${quoted(name.trim())} <${address}>`;

/** A List-Id's words, or nothing where they aren't ASCII: encoded words before the id confuse the filters that it is for. */
const asciiPhrase = (text: string): string => (/^[\x20-\x7e]+$/.test(text) ? `${quoted(text)} ` : "");

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, "")}"`;

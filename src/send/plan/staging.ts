/** Keeps the mail of a staging place to those it is meant for: decides who may get a message, and writes its header anew. */
import type { StoredMessage } from "#model/message.ts";

/** Who mail may leave for, and the one mailbox that gets all of it. */
export interface StagingRules {
  readonly onlyTo: readonly string[] | null;
  readonly redirectTo: string | null;
}

/** Who gets a message in place of its recipients; nobody: it must not leave. */
export const stagedRecipients = (recipients: readonly string[], rules: StagingRules): readonly string[] => {
  if (rules.redirectTo !== null) return [rules.redirectTo];
  return recipients.filter((address) => mayGet(address, rules));
};

const mayGet = (address: string, { onlyTo }: StagingRules): boolean => {
  if (onlyTo === null) return true;
  const whole = address.toLowerCase();
  const domain = whole.slice(whole.lastIndexOf("@") + 1);
  return onlyTo.some((one) => one === whole || one === domain || one === `@${domain}`);
};

/** Header fields that name people who must not get it, or an address where one click acts for the person it was written to. */
const dropped = /^(to|cc|bcc|list-unsubscribe|list-unsubscribe-post):/i;

/**
 * The header of a staged message, as Latin-1 text of the same bytes: its recipients are those who get it, its subject is marked, and the
 * original recipients stand in `X-Daybreak-Original-To`.
 */
export const stagedHeader = (
  header: string,
  { to, original }: { readonly to: readonly string[]; readonly original: readonly string[] },
): string => {
  const fields = header.split(/\r?\n(?![ \t])/).filter((field) => field !== "" && !dropped.test(field));
  const marked = fields.map((field) =>
    /^subject:/i.test(field) ? field.replace(/^subject:[ \t]*/i, () => `Subject: ${markOf(original)}\r\n `) : field,
  );
  const added = [`To: ${folded(to)}`, `X-Daybreak-Original-To: ${folded(original)}`];
  return [...added, ...marked].join("\r\n");
};

/** What a staged subject begins with. */
export const markOf = (original: readonly string[]): string => {
  const [first = ""] = original;
  // Only ASCII may stand in a subject as it is.
  return /^[\x21-\x7e]+$/.test(first) ? `[staging, for ${first}]` : "[staging]";
};

const folded = (addresses: readonly string[]): string => addresses.map(asLatin).join(",\r\n ");

/** The bytes of UTF-8, each as one character: what the header's text is made of. */
const asLatin = (text: string): string => latinOf(new TextEncoder().encode(text));

/** A message as it may leave; `null`: for nobody. The body's bytes stay as they are. */
export const staged = (message: StoredMessage, rules: StagingRules): StoredMessage | null => {
  const recipients = stagedRecipients(message.recipients, rules);
  if (recipients.length === 0) return null;
  const { bytes } = message;
  const end = endOfHeader(bytes);
  const header = stagedHeader(latinOf(bytes.subarray(0, end)), { to: recipients, original: message.recipients });
  const subject = `${markOf(message.recipients)} ${message.subject}`;
  return { ...message, recipients, subject, bytes: joined(bytesOf(`${header}\r\n`), bytes.subarray(end)) };
};

const lineFeed = 10;
const carriageReturn = 13;

/** Where the empty line after the header begins; the end, where there is none. */
const endOfHeader = (bytes: Uint8Array): number => {
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) {
    const next = bytes[at + 1];
    if (next === lineFeed || (next === carriageReturn && bytes[at + 2] === lineFeed)) return at + 1;
  }
  return bytes.length;
};

/** Each byte as one character. `TextDecoder("latin1")` would read some of them as Windows does. */
const latinOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

const joined = (head: Uint8Array, rest: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(head.length + rest.length);
  whole.set(head);
  whole.set(rest, head.length);
  return whole;
};

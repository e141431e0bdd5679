/** Reads what came back to the return path: reports of delivery (RFC 3464), complaints (RFC 5965), and the plain letters of old servers. */
import { decodedBody, headersOf, headerWords, type MimePart, rawHeader, readMime, textOf } from "#send/plan/mime.ts";
import type { NewsKind } from "#send/plan/news.ts";

/** What a report says about one address. */
export interface Returned {
  /** As the reporting server names it; `null`: it names none. */
  readonly email: string | null;
  readonly kind: NewsKind;
  readonly words: string;
  /** The mailbox doesn't exist, so that nothing more should be sent to it. */
  readonly isAddressBad: boolean;
}

/** An email that came back, read. */
export interface Bounce {
  /** Addresses that it was sent to: one of them is the return path. */
  readonly sentTo: readonly string[];
  /** Empty: it is no report, but an answer of a person or an absence note. */
  readonly returned: readonly Returned[];
}

/** Reads an email of the bounce mailbox. Whatever it holds, there is an answer. */
export const readBounce = (bytes: Uint8Array): Bounce => {
  const mail = readMime(bytes);
  return { sentTo: sentTo(mail), returned: returnedIn(mail) };
};

const sentTo = (mail: MimePart): readonly string[] => {
  const named = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"];
  const values = mail.headers.filter(([name]) => named.includes(name)).map(([, value]) => value.slice(0, longest));
  return [...new Set(values.flatMap((value) => value.match(/[^\s<>,;:"]+@[^\s<>,;:"]+/g) ?? []))];
};

const longest = 4_096;

const leavesOf = (part: MimePart): readonly MimePart[] =>
  part.parts.length === 0 ? [part] : part.parts.flatMap(leavesOf);

const returnedIn = (mail: MimePart): readonly Returned[] => {
  const leaves = leavesOf(mail);
  const status = leaves.find(({ type }) => /^message\/(global-)?delivery-status$/.test(type.value));
  if (status !== undefined) return statusesIn(status, leaves);
  const feedback = leaves.find(({ type }) => type.value === "message/feedback-report");
  if (feedback !== undefined) return [complaintIn(feedback)];
  return isFromServer(mail) ? letterIn(leaves) : [];
};

type Fields = MimePart["headers"];

/** Blocks of fields with empty lines between them: the first about the report, the others about one recipient each. */
const blocksOf = (part: MimePart): readonly Fields[] =>
  decodedBody(part)
    .split(/\r?\n[ \t]*\r?\n/)
    .map(headersOf)
    .filter((fields) => fields.length > 0);

const valueIn = (fields: Fields, name: string): string | null => {
  const words = headerWords({ headers: fields }, name);
  return words === null ? null : clean(words);
};

const statusesIn = (status: MimePart, leaves: readonly MimePart[]): readonly Returned[] => {
  const blocks = blocksOf(status).filter(
    (fields) => valueIn(fields, "action") !== null || recipientIn(fields) !== null,
  );
  return blocks.slice(0, mostRecipients).map((fields) => returnedOf(fields, leaves));
};

const mostRecipients = 100;

/** `rfc822; anna@example.com`. The original one is whom we sent to; the final one may be where it was forwarded. */
const recipientIn = (fields: Fields): string | null => {
  const value = valueIn(fields, "original-recipient") ?? valueIn(fields, "final-recipient");
  const [address] = /[^\s<>;,"]+@[^\s<>;,"]+/.exec(value?.replace(/^[^;]*;/, "") ?? "") ?? [];
  return address ?? null;
};

const returnedOf = (fields: Fields, leaves: readonly MimePart[]): Returned => {
  const action = valueIn(fields, "action")?.toLowerCase() ?? "failed";
  const diagnostic = (valueIn(fields, "diagnostic-code") ?? "").replace(/^[a-z0-9.-]+\s*;\s*/i, "");
  const status = statusOf(valueIn(fields, "status") ?? "", diagnostic);
  const words = diagnostic === "" ? firstWords(leaves) : diagnostic;
  const whole = words.includes(status) ? words : `${status} ${words}`;
  return { email: recipientIn(fields), words: clean(whole), ...meaningOf(action, status, words) };
};

/** A report may say 5.0.0 and its diagnosis 5.1.1: the more exact one counts. */
const statusOf = (given: string, diagnostic: string): string => {
  const [stated] = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(given) ?? [];
  const [found] = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(diagnostic) ?? [];
  if (stated === undefined || /^[245]\.0\.0$/.test(stated)) return found ?? stated ?? "";
  return stated;
};

type Meaning = Pick<Returned, "kind" | "isAddressBad">;

const meaningOf = (action: string, status: string, words: string): Meaning => {
  switch (action) {
    case "delivered":
      return { kind: "delivered", isAddressBad: false };
    case "relayed":
    case "expanded":
      return { kind: "taken", isAddressBad: false };
    case "delayed":
      return { kind: "deferred", isAddressBad: false };
    default:
      return failureOf(status, words);
  }
};

/** Servers that gave up after days of trying say 4.x.x: the address may be good. */
const failureOf = (status: string, words: string): Meaning => {
  if (status.startsWith("4.")) return { kind: "refused", isAddressBad: false };
  return { kind: "bounced", isAddressBad: isBadAddress(status, words) };
};

/** RFC 3463: 5.1.1 to 5.1.3 and 5.1.6 are the address, 5.1.10 too since RFC 7505, 5.2.1 a disabled mailbox, 5.4.4 a domain that isn't there. Exchange says 5.4.1 for a recipient it doesn't have. */
const isBadAddress = (status: string, words: string): boolean => {
  if (/^5\.1\.(?:[1236]|10)$|^5\.2\.1$|^5\.4\.4$/.test(status)) return true;
  if (status === "5.4.1") return /recipient address rejected|access denied/i.test(words);
  return (
    /^(?:5\.0\.0)?$/.test(status) &&
    /user unknown|no such (?:user|mailbox|recipient)|unknown (?:user|recipient|mailbox)|does ?n[o']t exist/i.test(words)
  );
};

const complaintIn = (feedback: MimePart): Returned => {
  const fields = blocksOf(feedback)[0] ?? [];
  const kind = valueIn(fields, "feedback-type") ?? "abuse";
  const value = valueIn(fields, "original-rcpt-to");
  const [email = null] = /[^\s<>;,"]+@[^\s<>;,"]+/.exec(value ?? "") ?? [];
  const isSpam = kind.toLowerCase() !== "not-spam";
  return { email, kind: isSpam ? "complained" : "delivered", words: clean(kind), isAddressBad: false };
};

/** Absence notes and people answer too; only a mail server's own letter is news. */
const isFromServer = (mail: MimePart): boolean => {
  const from = `${rawHeader(mail, "From") ?? ""} ${rawHeader(mail, "Return-Path") ?? ""}`;
  const isAnswer =
    /auto-replied/i.test(rawHeader(mail, "Auto-Submitted") ?? "") || rawHeader(mail, "X-Autoreply") !== null;
  return !isAnswer && /mailer-daemon|postmaster@|mail delivery (?:sub)?system|<>/i.test(from);
};

/** A letter in words: its status where it names one; without, it is noted and stops nobody. */
const letterIn = (leaves: readonly MimePart[]): readonly Returned[] => {
  const text = textIn(leaves);
  const [status = ""] = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(text) ?? [];
  const [, line] = /^(.*\b(?:[45]\d\d[ -]|[45]\.\d{1,3}\.\d{1,3}).*)$/m.exec(text) ?? [];
  const [, email = null] = /^\s*<([^\s<>]+@[^\s<>]+)>:?\s*$/m.exec(text) ?? [];
  const words = clean(line ?? firstWords(leaves));
  if (status === "" && line === undefined) return [{ email, kind: "refused", words, isAddressBad: false }];
  const code = status === "" ? (/\b([45])\d\d[ -]/.exec(words)?.[1] ?? "5") : status.slice(0, 1);
  return [{ email, words, ...failureOf(status === "" ? `${code}.0.0` : status, words) }];
};

const textIn = (leaves: readonly MimePart[]): string => {
  const part = leaves.find(({ type }) => type.value === "text/plain");
  return part === undefined ? "" : textOf(part).slice(0, 20_000);
};

const firstWords = (leaves: readonly MimePart[]): string => clean(textIn(leaves)).slice(0, 200);

/** Words of other people's servers on one line. */
const clean = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, 500);

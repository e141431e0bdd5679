import { Fault, wordsOf } from "#model/fault.ts";
import type { Receipt } from "#send/port.ts";

/**
 * How far the conversation had come: before the email (`connect`: greeting, TLS, sign-in), sender and recipients (`envelope`), in the
 * middle of the data (`data`), or after its end, when the server may have taken it (`ended`).
 */
export type Phase = "connect" | "envelope" | "data" | "ended";

/** An error of the conversation and when it came. */
export interface Failed {
  readonly error: object;
  readonly phase: Phase;
}

/** The fault of a failed conversation: refused, temporary or unknown. The server's own words stand in it. */
export const faultOf = ({ error, phase }: Failed, { url }: { readonly url: string }): Fault => {
  const server = `the mail server ${new URL(url).host}`;
  const words = wordsOfServer(error);
  const code = numberIn(error, "responseCode");
  const details = { cause: error };
  if (phase === "connect") {
    return unavailable(`${server} could not be used: ${words}`, { ...details, hint: hintOf(error, words) });
  }
  // “Service not available”, and a sender that isn't let in: neither says anything about this one email.
  if (code === 421) return unavailable(`${server} takes nothing now: ${words}`, { ...details, hint: byItself });
  if (code >= 400 && isOfSender(error, words))
    return unavailable(`${server} refused the sender: ${words}`, { ...details, hint: senderHint });
  if (code >= 500 && code < 600) return refused(`${server} refused the email: ${words}`, details);
  if (code >= 400 && code < 500) return temporary(`${server} can't take the email now: ${words}`, details);
  if (phase === "ended") {
    return new Fault("send.unknown", `${server} may have taken the email, but did not say so: ${words}`, {
      ...details,
      hint: "Look into the recipient's mailbox or the server's log for the Message-ID before sending it again.",
      retry: "unknown",
    });
  }
  // Found by nodemailer itself, before a byte was sent: an address that can't be, or a message above the server's announced limit.
  if (isOwnRefusal(error)) return refused(`${server} can't be given this email: ${words}`, details);
  return temporary(`${server} was lost before the end of the email: ${words}`, details);
};

const byItself = "It is tried again by itself.";
const senderHint =
  "Let the account send as mail.from and, where bounces are read, as mail.bounces.address; it is tried again by itself.";

/** The size is named together with the sender, but is the email's own. */
const isOfSender = (error: object, words: string): boolean =>
  textIn(error, "command") === "MAIL FROM" && !/^552|\b[45]\.3\.4\b|\bsize\b|too (?:big|large)/i.test(words);

const unavailable = (what: string, details: { readonly cause: unknown; readonly hint: string }): Fault =>
  new Fault("send.unavailable", what, { ...details, retry: "later" });

/** The usual reasons why no connection comes about, each with its remedy. */
const hintOf = (error: object, words: string): string => {
  if (/certificate|altnames/i.test(words)) {
    return "Use the name that the server's certificate was made out to; where your own authority made it, name its file in NODE_EXTRA_CA_CERTS.";
  }
  if (/wrong version number|packet length/i.test(words)) {
    return "Port and scheme don't fit: smtps:// speaks TLS from the start (465), smtp:// turns to it (587, 25).";
  }
  if (textIn(error, "code") === "ETLS" || /STARTTLS/i.test(words)) {
    return "It offers no TLS there: try another port (587, or smtps:// with 465); ?tls=off sends in the clear.";
  }
  if (textIn(error, "code") === "EAUTH") return "Check the user in mail.via and DAYBREAK_MAIL_PASSWORD.";
  return "Check mail.via, its user and password, and whether the server can be reached from this machine.";
};

const refused = (what: string, details: { readonly cause: unknown }): Fault =>
  new Fault("send.refused", what, {
    ...details,
    hint: "Correct what the server names, usually the recipient's address.",
    retry: "never",
  });

const temporary = (what: string, details: { readonly cause: unknown }): Fault =>
  new Fault("send.temporary", what, { ...details, hint: byItself, retry: "later" });

const isOwnRefusal = (error: object): boolean => {
  const code = textIn(error, "code");
  const command = textIn(error, "command");
  return (code === "EENVELOPE" && command === "API") || (code === "EMESSAGE" && command === "MAIL FROM");
};

/** Recipients that were refused while others were taken. */
export const rejectedOf = (errors: readonly object[]): Receipt["rejected"] =>
  errors.map((error) => ({ address: textIn(error, "recipient"), words: wordsOfServer(error) }));

const wordsOfServer = (error: object): string => {
  const response = textIn(error, "response");
  return serverWords(response === "" ? wordsOf(error) : response);
};

/** A server's answer on one line, of a length that fits a record. */
export const serverWords = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a server's answer may hold anything.
  const line = text.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
};

const textIn = (error: object, key: string): string => {
  const value: unknown = Reflect.get(error, key);
  return typeof value === "string" ? value : "";
};

const numberIn = (error: object, key: string): number => {
  const value: unknown = Reflect.get(error, key);
  return typeof value === "number" ? value : 0;
};

import { Fault, wordsOf } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Reply } from "#send/mailers/sendgrid-wire.ts";
import { retryAfterOf } from "#send/plan/retry-after.ts";

/** Where an answer came from, and by which clock. */
export interface Asked {
  readonly url: string;
  readonly clock: Clock;
}

/** The service as it reads in a sentence. */
export const serverOf = ({ url }: Pick<Asked, "url">): string => `SendGrid (${new URL(url).host})`;

/** The fault of an answer that is no acceptance: refused, temporary or unknown, with the service's own words. */
export const faultOfReply = (reply: Reply, asked: Asked): Fault => {
  if ("error" in reply) return faultOfSilence(reply, asked);
  const { status } = reply;
  const words = `${serverOf(asked)} answered ${status}: ${wordsOfReply(reply.text)}`;
  // A key or a sender that isn't let in is the installation's mistake: it mustn't cost a whole morning its emails.
  if (status === 401 || status === 403)
    return unavailable(
      words,
      "Check SENDGRID_API_KEY and its permission “Mail Send”, and that mail.from is a verified sender.",
    );
  if (status === 413) return refused(words, "Make the email smaller: mail.sizeBudget. SendGrid takes 30 MB in all.");
  if (status === 429 || status === 502 || status === 503) return rested(words, reply, asked);
  // The gateway gave up waiting for those behind it, who may have taken it.
  if (status === 504) return unknown(words);
  if (status >= 500) return later(words, byItself);
  if (status === 408) return later(words, byItself);
  if (status >= 400) return refused(words, "Correct what is named, usually the recipient's address.");
  return refused(words, "Check mail.sendgrid.url: what answers there is not SendGrid's API.");
};

const faultOfSilence = ({ error, phase }: Extract<Reply, { error: unknown }>, asked: Asked): Fault => {
  const words = wordsOf(error);
  switch (phase) {
    case "connect":
      return unavailable(`${serverOf(asked)} can't be reached: ${words}`, byItself, error);
    case "data":
      return later(`${serverOf(asked)} was lost before the end of the email: ${words}`, byItself, error);
    case "ended":
      return unknown(`${serverOf(asked)} may have taken the email, but did not say so: ${words}`, error);
  }
};

const byItself = "It is tried again by itself.";

const refused = (what: string, hint: string): Fault => new Fault("send.refused", what, { hint, retry: "never" });

const later = (what: string, hint: string, cause?: unknown): Fault =>
  new Fault("send.temporary", what, { hint, retry: "later", cause });

/** It takes nothing from this installation now, whatever the email is. */
const unavailable = (what: string, hint: string, cause?: unknown): Fault =>
  new Fault("send.unavailable", what, { hint, retry: "later", cause });

const rested = (what: string, { header }: Extract<Reply, { status: number }>, { clock }: Asked): Fault => {
  const headers = {
    retryAfter: header("retry-after"),
    rateLimitReset: header("x-ratelimit-reset"),
    date: header("date"),
  };
  const retryAfterMs = retryAfterOf(headers, clock.now());
  const hint = "It is tried again by itself, not before it may.";
  return new Fault("send.unavailable", what, {
    hint,
    retry: "later",
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  });
};

const unknown = (what: string, cause?: unknown): Fault =>
  new Fault("send.unknown", what, {
    hint: "SendGrid's event webhook settles it; without one, look into its activity feed for the delivery's id before sending it again.",
    retry: "unknown",
    cause,
  });

/** SendGrid says what is wrong as `{"errors": [{"message", "field"}]}`. */
const wordsOfReply = (text: string): string => {
  const found = errorsIn(text).flatMap((one) => {
    if (typeof one !== "object" || one === null) return [];
    const { message, field } = one as { message?: unknown; field?: unknown };
    if (typeof message !== "string") return [];
    return [typeof field === "string" ? `${message} (${field})` : message];
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an answer may hold anything.
  const line = (found.length > 0 ? found.join("; ") : text).replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
  return line.slice(0, 500) || "no words";
};

const errorsIn = (text: string): readonly unknown[] => {
  try {
    const { errors } = (JSON.parse(text) ?? {}) as { errors?: unknown };
    return Array.isArray(errors) ? errors : [];
  } catch {
    return [];
  }
};

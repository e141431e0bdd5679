import sendgrid from "@sendgrid/mail";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import type { StoredMessage } from "#model/message.ts";
import { later, msBetween, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { faultOfReply, serverOf } from "#send/mailers/sendgrid-faults.ts";
import { type LetterSettings, letterOf } from "#send/mailers/sendgrid-letter.ts";
import { openWire, type Reply, type Wire } from "#send/mailers/sendgrid-wire.ts";
import type { Mailer, Receipt } from "#send/port.ts";

/** How emails are handed to SendGrid. The API key is never logged. */
export interface SendGridSettings extends LetterSettings {
  /** `https://api.sendgrid.com`, or `https://api.eu.sendgrid.com` for accounts of the European region. */
  readonly url: string;
  readonly apiKey: string;
  readonly connections: number;
  /** Longest time for handing over one email. */
  readonly limitMs: number;
  readonly clock: Clock;
}

/**
 * Hands emails to SendGrid over its web API v3. SendGrid has no key by which it would recognise a request that is made twice, so what
 * may have been taken is never asked for again by itself: its event webhook tells.
 */
export const sendGridMailer = (settings: SendGridSettings): Mailer => {
  const wire = openWire(settings.connections);
  const rest: { until: Temporal.Instant | null } = { until: null };
  return {
    name: "sendgrid",
    send: async (message, outer) => {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(settings.limitMs)]);
      refuseInRest(rest.until, settings);
      const reply = await post(message, { wire, signal, settings });
      if ("status" in reply && (reply.status === 202 || reply.status === 200)) return receiptOf(message, reply);
      const fault = faultOfReply(reply, settings);
      if (fault.retryAfterMs !== null) rest.until = later(settings.clock.now(), fault.retryAfterMs);
      throw fault;
    },
    confirm: async () => "cannot-say",
    verify: (outer) => verify(wire, AbortSignal.any([outer, AbortSignal.timeout(settings.limitMs)]), settings),
    close: async () => wire.close(),
  };
};

/** Those that were taken up just before the service asked for its rest don't disturb it. */
const refuseInRest = (until: Temporal.Instant | null, settings: SendGridSettings): void => {
  const left = until === null ? 0 : msBetween(settings.clock.now(), until);
  if (left <= 0) return;
  throw new Fault("send.unavailable", `${serverOf(settings)} asked to be left alone for ${Math.ceil(left / 1_000)} s`, {
    hint: "It is tried again by itself.",
    retry: "later",
    retryAfterMs: left,
  });
};

interface Posting {
  readonly wire: Wire;
  readonly signal: AbortSignal;
  readonly settings: SendGridSettings;
}

const post = async (message: StoredMessage, { wire, signal, settings }: Posting): Promise<Reply> => {
  const body = await requestBody(message, settings);
  return wire.ask({ url: new URL("/v3/mail/send", settings.url), headers: headersOf(settings), body, signal });
};

/** The package writes the request and asks its client to send it; ours hands back what it was asked to send. */
const requestBody = async (message: StoredMessage, settings: SendGridSettings): Promise<Buffer> => {
  const service: typeof sendgrid = Object.create(sendgrid);
  const writer = { request: async ({ body }: { readonly body?: unknown }) => body };
  service.setClient(writer as unknown as Parameters<typeof sendgrid.setClient>[0]);
  try {
    return Buffer.from(JSON.stringify(await service.send(letterOf(message, settings))));
  } catch (cause) {
    if (isFault(cause)) throw cause;
    throw new Fault("send.refused", `SendGrid can't be given this email: ${wordsOf(cause)}`, {
      hint: "Correct what is named, usually the recipient's address.",
      cause,
    });
  }
};

const headersOf = ({ apiKey }: SendGridSettings): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${apiKey}`,
  "content-type": "application/json",
  accept: "application/json",
  "user-agent": "daybreak",
});

const receiptOf = ({ recipients }: StoredMessage, { status, header }: Extract<Reply, { status: number }>): Receipt => {
  // In sandbox mode the answer is 200: the request was checked, and nothing is sent.
  const id = status === 200 ? null : header("x-message-id");
  const words = status === 200 ? "200 checked in sandbox mode, not sent" : "202 accepted";
  return { words: id === null ? words : `${words} as ${id}`, accepted: recipients, rejected: [] };
};

const verify = async (wire: Wire, signal: AbortSignal, settings: SendGridSettings): Promise<void> => {
  const reply = await wire.ask({
    url: new URL("/v3/scopes", settings.url),
    headers: headersOf(settings),
    body: null,
    signal,
  });
  if (!("status" in reply) || reply.status !== 200) throw asUnavailable(faultOfReply(reply, settings));
  if (reply.text.includes('"mail.send"')) return;
  throw new Fault("send.unavailable", `${serverOf(settings)} takes this API key, but not for sending`, {
    hint: "Give the key of SENDGRID_API_KEY the permission “Mail Send”.",
    retry: "later",
  });
};

/** Nothing was sent, so nothing is refused for good or unknown. */
const asUnavailable = ({ message, hint, cause }: Fault): Fault =>
  new Fault("send.unavailable", message, { hint, retry: "later", cause });

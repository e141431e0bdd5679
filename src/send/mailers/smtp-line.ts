import { Readable } from "node:stream";
import SMTPConnection, {
  type SMTPConnectionOptions,
  type SMTPConnectionSendInfo,
} from "nodemailer/lib/smtp-connection";
import XOAuth2 from "nodemailer/lib/xoauth2";
import { Fault } from "#model/fault.ts";
import type { StoredMessage } from "#model/message.ts";
import { faultOf, type Phase, rejectedOf, serverWords } from "#send/mailers/smtp-faults.ts";
import { wireOf } from "#send/mailers/smtp-wire.ts";
import type { Receipt } from "#send/port.ts";

/** A sign-in whose token is fetched anew from time to time (Microsoft 365, Google). */
export interface OAuth2Settings {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  readonly tokenUrl: string;
}

/** Where the mail server is and how it is signed in to. */
export interface LineSettings {
  /** `smtp://host:587` (STARTTLS is required, except on this machine or with `?tls=off`) or `smtps://host:465`. No user in it. */
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
  readonly oauth2?: OAuth2Settings | null;
  /** PEM of a company's own certificate authority. */
  readonly ca?: string | null;
  /** Longest time for handing over one email, all of its steps together; no single wait is longer. */
  readonly limitMs: number;
}

/** How handing over one email ended: taken, or an error with the phase in which it came. */
export type Answer = { readonly receipt: Receipt } | { readonly error: object; readonly phase: Phase };

/** One open, signed-in connection to a mail server. */
export interface Line {
  /** Emails sent over it. */
  readonly sent: number;
  readonly isSecure: boolean;
  isOpen(): boolean;
  /** Names a sender and a recipient, and leaves before any data; `null` where the server takes both. The line is closed then. */
  offer(
    envelope: { readonly from: string; readonly to: string },
    signal: AbortSignal,
  ): Promise<{ readonly error: object; readonly phase: Phase } | null>;
  send(message: StoredMessage, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/**
 * Opens a connection and signs in. nodemailer's own pool isn't used: it puts a message back into its queue by itself when a connection
 * closes, and doesn't tell whether the end of the data had been reached, on which it depends whether an email may exist twice.
 */
export const openLine = async (settings: LineSettings, signal: AbortSignal): Promise<Line> => {
  const connection = new SMTPConnection(optionsOf(settings));
  // Without a listener an error event would end the program; each step learns of it by its own callback.
  connection.on("error", () => {});
  try {
    await step(connection, signal, (done) => connection.connect(done));
    await signIn(connection, settings, signal);
  } catch (error) {
    connection.close();
    const failed = typeof error === "object" && error !== null ? error : new Error(String(error));
    throw failed instanceof Fault ? failed : faultOf({ error: failed, phase: "connect" }, settings);
  }
  return lineOver(connection);
};

const signIn = async (connection: SMTPConnection, settings: LineSettings, signal: AbortSignal): Promise<void> => {
  const { user, password, oauth2 } = settings;
  if (user === null) return;
  if (!connection.allowsAuth) {
    throw new Fault("send.unavailable", `${settings.url} offers no sign-in, although a user is set`, {
      hint: "Check the port in mail.via, or leave out the user.",
      retry: "later",
    });
  }
  const auth =
    oauth2 == null ? { credentials: { user, pass: password ?? "" } } : { user, oauth2: tokenFor(user, oauth2) };
  await step(connection, signal, (done) => connection.login(auth, done));
};

const tokenFor = (user: string, { clientId, clientSecret, refreshToken, tokenUrl }: OAuth2Settings): XOAuth2 =>
  new XOAuth2({ user, clientId, clientSecret, refreshToken, accessUrl: tokenUrl });

/** One step of the conversation, ended by its callback, by the connection's end or by the signal. */
const step = (
  connection: SMTPConnection,
  signal: AbortSignal,
  start: (done: (error?: Error | null) => void) => void,
): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(new Error("it was ended before it was done"));
  const ended = () => reject(new Error("the server closed the connection"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  connection.once("error", reject);
  connection.once("end", ended);
  start((error) => (error == null ? resolve() : reject(error)));
  return promise.finally(() => {
    signal.removeEventListener("abort", abort);
    connection.removeListener("error", reject);
    connection.removeListener("end", ended);
  });
};

const lineOver = (connection: SMTPConnection): Line => {
  let sent = 0;
  let open = true;
  connection.once("end", () => {
    open = false;
  });
  return {
    get sent() {
      return sent;
    },
    isSecure: connection.secure,
    isOpen: () => open,
    offer: async (envelope, signal) => {
      open = false;
      return offer(connection, envelope, signal);
    },
    send: async (message, signal) => {
      sent += 1;
      return handOver(connection, message, signal);
    },
    close: () => {
      if (open) connection.quit();
      open = false;
      // A server that doesn't answer the farewell must not keep the program from ending.
      setTimeout(() => connection.close(), farewellMs).unref();
    },
  };
};

const handOver = async (connection: SMTPConnection, message: StoredMessage, signal: AbortSignal): Promise<Answer> => {
  const state: { phase: Phase } = { phase: "envelope" };
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const fail = (error: object): void => {
    // Destroyed, not ended: what still lies in our buffer must not reach the server after we said that it didn't.
    connection.close();
    resolve({ error, phase: state.phase });
  };
  const abort = () => fail(new Error("it was ended before the server answered"));
  if (signal.aborted) return { error: new Error("it was ended before it began"), phase: "envelope" };
  signal.addEventListener("abort", abort, { once: true });
  const envelope = { from: message.from, to: [...message.recipients], size: message.bytes.byteLength };
  connection.send(envelope, wireOf(message.bytes, { state, signal }), (error, answer) => {
    if (error != null) fail(error);
    else resolve({ receipt: receiptOf(answer) });
  });
  return promise.finally(() => signal.removeEventListener("abort", abort));
};

const offer = async (
  connection: SMTPConnection,
  { from, to }: { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<{ readonly error: object; readonly phase: Phase } | null> => {
  const { promise, resolve } = Promise.withResolvers<object | null>();
  signal.addEventListener("abort", () => resolve(new Error("it was ended before the server answered")), { once: true });
  // First read when both were taken; a server drops an email whose connection ends before its final dot.
  const nothing = new Readable({ read: () => resolve(null) });
  connection.send({ from, to: [to] }, nothing, (error) => resolve(error ?? null));
  const error = await promise;
  connection.close();
  return error === null ? null : { error, phase: "envelope" };
};

const farewellMs = 1_000;

const receiptOf = (answer: SMTPConnectionSendInfo): Receipt => ({
  words: serverWords(answer.response),
  accepted: answer.accepted,
  rejected: rejectedOf(answer.rejectedErrors ?? []),
});

const optionsOf = (settings: LineSettings): SMTPConnectionOptions => {
  const url = new URL(settings.url);
  const secure = url.protocol === "smtps:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const plain = !secure && (url.searchParams.get("tls") === "off" || isLoopback(host));
  return {
    host,
    port: url.port === "" ? defaultPort(secure) : Number(url.port),
    secure,
    requireTLS: !secure && !plain,
    ignoreTLS: plain,
    connectionTimeout: settings.limitMs,
    greetingTimeout: settings.limitMs,
    dnsTimeout: settings.limitMs,
    socketTimeout: Math.max(settings.limitMs, longestIdleMs),
    socketCloseTimeout: 0,
    ...(settings.ca == null ? {} : { tls: { ca: settings.ca } }),
  };
};

/** nodemailer's silence limit also counts while a connection is kept unused; the limit of a sending is our own signal. */
const longestIdleMs = 60_000;

const defaultPort = (secure: boolean): number => (secure ? 465 : 587);

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

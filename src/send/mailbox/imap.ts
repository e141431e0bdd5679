import { ImapFlow } from "imapflow";
import { Fault, wordsOf } from "#model/fault.ts";
import type { Mailbox } from "#send/mailbox/port.ts";

/** Where the mailbox is and how it is signed in to. The password is never logged. */
export interface ImapSettings {
  /** `imaps://host:993`, or `imap://host:143` with STARTTLS, except on this machine. No user in it. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** The folder that is read, and the one that emails are moved to; it is made when it isn't there. */
  readonly folder: string;
  readonly done: string;
  /** Longest time for any one step. */
  readonly limitMs: number;
  /** PEM of a company's own certificate authority. */
  readonly ca?: string | null;
}

/** A report stands before the email that it returns: what comes later isn't needed. */
const mostBytes = 2 * 1024 * 1024;

/** A mailbox over IMAP. Nothing is marked as read or removed: an email is moved after it was taken, so a crash leaves it to be read again. */
export const imapMailbox = (settings: ImapSettings): Mailbox => ({
  readEach: (most, take, signal) =>
    over(settings, signal, (client) => readAll({ client, settings, most, take }, signal)),
  count: (signal) => over(settings, signal, (client) => countIn(client, settings)),
});

const countIn = async (client: ImapFlow, { folder }: ImapSettings): Promise<number> => {
  const status = await client.status(folder, { messages: true });
  return status === false ? 0 : (status.messages ?? 0);
};

/** Does something over a connection of its own. */
const over = async <T>(
  settings: ImapSettings,
  signal: AbortSignal,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> => {
  const client = clientOf(settings);
  // Without a listener an error event would end the program; the step that waits learns of it, too.
  client.on("error", () => {});
  const abort = (): void => client.close();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await client.connect();
    return await work(client);
  } catch (cause) {
    throw troubleOf(settings, cause);
  } finally {
    signal.removeEventListener("abort", abort);
    client.close();
  }
};

const clientOf = ({ url: text, user, password, limitMs, ca }: ImapSettings): ImapFlow => {
  const url = new URL(text);
  const secure = url.protocol === "imaps:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return new ImapFlow({
    host,
    port: url.port === "" ? defaultPort(secure) : Number(url.port),
    secure,
    // A password never travels in the clear, but on this machine.
    ...(secure ? {} : { doSTARTTLS: !isLoopback(host) }),
    auth: { user, pass: password },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: limitMs,
    greetingTimeout: limitMs,
    socketTimeout: limitMs,
    ...(ca == null ? {} : { tls: { ca } }),
  });
};

const defaultPort = (secure: boolean): number => (secure ? 993 : 143);

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

interface Reading {
  readonly client: ImapFlow;
  readonly settings: ImapSettings;
  readonly most: number;
  readonly take: (bytes: Uint8Array) => Promise<boolean>;
}

const readAll = async ({ client, settings, most, take }: Reading, signal: AbortSignal): Promise<number> => {
  await makeFolder(client, settings.done);
  const lock = await client.getMailboxLock(settings.folder);
  try {
    const found = await client.search({ all: true }, { uid: true });
    const uids = (found === false ? [] : (found ?? [])).toSorted((a, b) => a - b).slice(0, most);
    let taken = 0;
    for (const uid of uids) {
      if (signal.aborted) break;
      // Looked at without marking it as read.
      const email = await client.fetchOne(String(uid), { source: { maxLength: mostBytes } }, { uid: true });
      if (!email || email.source === undefined || !(await take(email.source))) continue;
      await client.messageMove(String(uid), settings.done, { uid: true });
      taken += 1;
    }
    return taken;
  } finally {
    lock.release();
  }
};

const makeFolder = async (client: ImapFlow, path: string): Promise<void> => {
  const folders = await client.list();
  if (folders.some((folder) => folder.path === path)) return;
  // Some servers put every folder below another one, and then say that it is there already. One that really isn't is told by the move.
  await client.mailboxCreate(path).catch(() => {});
};

const troubleOf = ({ url }: ImapSettings, cause: unknown): Fault => {
  if (cause instanceof Fault) return cause;
  const said: unknown = typeof cause === "object" && cause !== null ? Reflect.get(cause, "responseText") : null;
  const words = typeof said === "string" && said !== "" ? said : wordsOf(cause);
  return new Fault("send.temporary", `the bounce mailbox at ${new URL(url).host} could not be read: ${words}`, {
    hint: "Check mail.bounces, its user and password, and whether the server can be reached from this machine.",
    retry: "later",
    cause: words,
  });
};

import type { StoredMessage } from "#model/message.ts";

/** What the mail server said when it took the message. */
export interface Receipt {
  /** The server's own words or id. */
  readonly words: string;
  readonly accepted: readonly string[];
  /** Recipients it refused while taking the message for the others, with its words. */
  readonly rejected: readonly { readonly address: string; readonly words: string }[];
}

/**
 * Hands a message to SMTP, a folder or a mail service. It fails with one of four faults: `send.refused` (permanent), `send.temporary` (the
 * end of the data was never reached, or the server said "later"), `send.unavailable` (it takes nothing from anybody now), `send.unknown`
 * (it may have been taken).
 */
export interface Mailer {
  readonly name: string;
  send(message: StoredMessage, signal: AbortSignal): Promise<Receipt>;
  /** Looks the message up by its Message-ID: true, false, or `"cannot-say"` where the mailer has no way to know. */
  confirm(message: Pick<StoredMessage, "deliveryId" | "messageId">): Promise<boolean | "cannot-say">;
  /** Tries the connection and the sign-in without sending. */
  verify(signal: AbortSignal): Promise<void>;
  /**
   * Offers a sender and a recipient and ends before any data, so that nothing is sent; says how the way there is protected. Only
   * where the mailer can: a refusal is a fault as for an email.
   */
  rehearse?(envelope: { readonly from: string; readonly to: string }, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

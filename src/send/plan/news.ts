/** What follows from news of an email that was handed over before. Mail services and bounces tell it; this decides what it means. */
import type { DeliveryState } from "#model/delivery.ts";

/** What was told; the words of `mail_events`. */
export type NewsKind =
  | "taken"
  | "delivered"
  | "deferred"
  | "bounced"
  | "refused"
  | "dropped"
  | "complained"
  | "unsubscribed";

/** News of one address of one delivery. */
export interface News {
  readonly kind: NewsKind;
  readonly email: string;
  readonly words: string;
  /** The service said that it sends nothing to this address any more, and why. */
  readonly isAddressBad: boolean;
}

/** The delivery that the news is of. */
export interface Subject {
  readonly state: DeliveryState;
  /** Its own address. */
  readonly email: string;
  readonly recipients: readonly string[];
}

/** What is to be done. */
export interface Consequence {
  /** It was taken: an uncertain delivery is sent. */
  readonly confirm: boolean;
  /** It was not sent to its reader: an uncertain delivery failed. */
  readonly fail: boolean;
  /** The address gets nothing more, for this reason; `null`: it goes on getting mail. */
  readonly suppress: string | null;
  /** What is added to the record; `null`: nothing. */
  readonly note: string | null;
  /** Somebody must know. */
  readonly isTrouble: boolean;
}

const sentences: Readonly<Record<NewsKind, string>> = {
  taken: "was taken",
  delivered: "was delivered",
  deferred: "waits",
  bounced: "came back",
  refused: "was refused for now",
  dropped: "was dropped by the mail service",
  complained: "was called spam",
  unsubscribed: "ended the subscription",
};

/** Decides what follows. News of an address that the email never went to changes nothing: it is somebody's invention. */
export const consequenceOf = (news: News, subject: Subject): Consequence => {
  const isOurs = subject.recipients.some((one) => same(one, news.email));
  if (!isOurs) return { confirm: false, fail: false, suppress: null, note: null, isTrouble: false };
  const { kind } = news;
  const wasTaken = kind !== "dropped" && kind !== "unsubscribed";
  const isBad = ["bounced", "refused", "dropped", "complained", "unsubscribed"].includes(kind);
  const sentence = `${sentences[kind]} (${news.email})${news.words === "" ? "" : `: ${news.words}`}`;
  return {
    confirm: wasTaken,
    fail: kind === "dropped" && same(news.email, subject.email),
    suppress: endsMail(news) ? sentence : null,
    note: isBad ? sentence : null,
    isTrouble: kind === "bounced" || kind === "dropped" || kind === "complained",
  };
};

/** A mailbox that is full today isn't one that doesn't exist. */
const endsMail = ({ kind, isAddressBad }: News): boolean =>
  kind === "complained" || (isAddressBad && ["bounced", "dropped", "unsubscribed"].includes(kind));

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

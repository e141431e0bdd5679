import { instantOf, type Temporal } from "#model/time.ts";
import type { News, NewsKind } from "#send/plan/news.ts";

/** An event of SendGrid's webhook that is about one of our deliveries. */
export interface GridEvent extends News {
  readonly key: string;
  readonly deliveryId: string;
  readonly messageId: string;
  readonly at: Temporal.Instant;
}

/** Opens and clicks are none of our business; a group's resubscription needs nothing. */
const kinds: Readonly<Record<string, NewsKind>> = {
  processed: "taken",
  delivered: "delivered",
  deferred: "deferred",
  dropped: "dropped",
  spamreport: "complained",
  unsubscribe: "unsubscribed",
  group_unsubscribe: "unsubscribed",
};

/** More than SendGrid puts into one request. */
const mostEvents = 10_000;

/** The events in a request's body that are about our deliveries; `null`: it is no list of events. */
export const readEvents = (body: string): readonly GridEvent[] | null => {
  const list = listIn(body);
  return list === null ? null : list.slice(0, mostEvents).flatMap(eventOf);
};

const listIn = (body: string): readonly unknown[] | null => {
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
};

type Fields = Readonly<Record<string, unknown>>;

const eventOf = (value: unknown): readonly GridEvent[] => {
  if (typeof value !== "object" || value === null) return [];
  const fields = value as Fields;
  const [key, email, deliveryId, messageId, event] = ["sg_event_id", "email", "delivery_id", "message_id", "event"].map(
    (name) => textIn(fields, name),
  );
  const kind = kindOf(event ?? "", fields);
  if (!key || !email || !messageId || !deliveryId || !/^\d{1,18}$/.test(deliveryId) || kind === null) return [];
  const at = atOf(fields);
  if (at === null) return [];
  const words = wordsOf(fields);
  return [
    { key: `sendgrid:${key}`, email, deliveryId, messageId, kind, words, at, isAddressBad: isBad(event ?? "", fields) },
  ];
};

/** `blocked` means for now: the server over there doesn't like something about this one email. */
const kindOf = (event: string, fields: Fields): NewsKind | null => {
  if (event === "bounce") return textIn(fields, "type") === "blocked" ? "refused" : "bounced";
  return kinds[event] ?? null;
};

/**
 * Leaving one suppression group is SendGrid's to keep: it drops what comes after. A drop for that, for spam content or for a full quota
 * says nothing against the address.
 */
const isBad = (event: string, fields: Fields): boolean => {
  if (event === "dropped") return /bounced address|invalid|spam reporting/i.test(textIn(fields, "reason") ?? "");
  return kindOf(event, fields) === "bounced" || event === "unsubscribe";
};

const textIn = (fields: Fields, name: string): string | null => {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value.slice(0, 1_000) : null;
};

const atOf = (fields: Fields): Temporal.Instant | null => {
  const seconds = fields["timestamp"];
  if (typeof seconds !== "number" || !(seconds > 0 && seconds < 100_000_000_000)) return null;
  return instantOf(Math.floor(seconds) * 1_000);
};

const wordsOf = (fields: Fields): string => {
  const said = ["status", "reason", "response"].flatMap((name) => textIn(fields, name) ?? []);
  return said
    .join(" ")
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, 500);
};

/** Takes in what is told of emails after they were handed over, from a mail service's webhook or a mailbox of bounces. */
import type { Alerts } from "#model/alert.ts";
import type { Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { type Consequence, consequenceOf, type News } from "#send/plan/news.ts";
import {
  confirmDelivery,
  failDropped,
  lockToldOf,
  type MailEvent,
  noteOnSent,
  putMailEvent,
  type ToldOf,
} from "#store/mail-events.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import { suppress } from "#store/suppressions.ts";

/** What taking in news uses. */
export interface NewsParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: Pick<Alerts, "raise">;
}

/** News of one delivery, with what proves that it is about the email that we sent. */
export interface Told extends News {
  readonly key: string;
  readonly deliveryId: string;
  readonly at: Temporal.Instant;
  readonly isOf: (delivery: ToldOf) => boolean;
}

/** What became of news: `stranger` is of no email of ours, `known` was told before. */
export type Taken = "taken" | "known" | "stranger";

/** Who stops an address in the audit, where nobody did by hand. */
const actor = "daybreak: mail that came back";

/** Takes in one piece of news, once however often it is told: the record, the outcome and the suppression in one transaction. */
export const takeNews = async (news: Told, parts: NewsParts): Promise<Taken> => {
  const result = await transaction(parts.pool, (db) => within(news, parts, db), actor);
  if (result === "known" || result === "stranger") return result;
  const { delivery, consequence } = result;
  const { kind, email, words } = news;
  parts.log.info("delivery.told", { delivery: delivery.id, kind, email, words });
  if (consequence.isTrouble) await raise(news, { delivery, consequence }, parts);
  return "taken";
};

interface Followed {
  readonly delivery: ToldOf;
  readonly consequence: Consequence;
}

const within = async (news: Told, parts: NewsParts, db: Session): Promise<Followed | "known" | "stranger"> => {
  const delivery = await lockToldOf(db, news.deliveryId);
  if (delivery === null || !news.isOf(delivery)) return "stranger";
  const { key, deliveryId, kind, email, words, at } = news;
  const event: MailEvent = { key, deliveryId, kind, email, words, at };
  const consequence = consequenceOf(news, delivery);
  if (!delivery.recipients.some((one) => one.toLowerCase() === email.toLowerCase())) return "stranger";
  if (!(await putMailEvent(db, event))) return "known";
  await follow({ delivery, consequence }, news, { db, now: parts.clock.now() });
  return { delivery, consequence };
};

const follow = async (
  { delivery, consequence }: Followed,
  news: Told,
  { db, now }: { readonly db: Session; readonly now: Temporal.Instant },
): Promise<void> => {
  const { confirm, fail, note, suppress: reason } = consequence;
  if (confirm)
    await confirmDelivery(db, delivery.id, { words: `told afterwards: ${news.kind} ${news.words}`.trim(), now });
  if (fail && note !== null) await failDropped(db, delivery.id, { words: `it ${note}`, now });
  if (note !== null) await noteOnSent(db, delivery.id, note);
  if (reason !== null) await suppress(db, { email: news.email, reason, now });
};

const raise = async ({ email, words }: News, { delivery, consequence }: Followed, parts: NewsParts): Promise<void> => {
  const about = delivery.slotId === null ? `request ${delivery.id}` : `slot ${delivery.slotId}`;
  const stopped = `Nothing more is sent to ${email}: correct the address, then remove it from the suppressions.`;
  await parts.alerts.raise({
    key: `bounces:${delivery.slotId ?? `delivery-${delivery.id}`}`,
    severity: "warning",
    subject: `an email of ${about} ${consequence.note ?? words}`,
    lines: [
      `Delivery ${delivery.id} to ${email}: ${consequence.note ?? words}`,
      ...(consequence.suppress === null ? [] : [stopped]),
      `Others of the same time aren't told one by one; see them all: daybreak deliveries show ID.`,
    ],
  });
};

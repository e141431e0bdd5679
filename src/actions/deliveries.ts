/** An operator's verbs for one delivery. Each says in its result or its fault what the delivery's state allows. */
import { deliveryNamed } from "#actions/named.ts";
import type { Delivery, DeliveryState } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import { before, later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { moveDelivery } from "#store/deliveries.ts";
import { messageOf } from "#store/messages.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import { drawAgain } from "#store/renders.ts";
import { reportVersion } from "#store/reports.ts";
import { releaseDelivery, replanDelivery, resendDelivery } from "#store/sends.ts";

/** What the verbs use. */
export interface VerbParts {
  readonly pool: Pool;
  readonly clock: Clock;
}

/** What was asked of a delivery, and by whom. */
export interface Asked {
  readonly id: string;
  readonly by: string;
}

/** What a retry began: the same message goes out again, or everything is drawn anew. */
export interface Retried {
  readonly delivery: Delivery;
  readonly from: "the message as it is" | "the picture";
}

const inWords: Readonly<Record<DeliveryState, string>> = {
  planned: "is planned and waits for its picture",
  drawn: "is drawn and waits for its proof",
  proven: "is proven and waits to be written",
  quarantined: "is quarantined",
  composed: "is written and waits to be sent",
  sending: "is being sent right now",
  sent: "was sent",
  skipped: "was skipped",
  superseded: "was superseded by a newer one",
  expired: "expired",
  discarded: "was discarded",
  failed: "failed",
  uncertain: "may or may not have been sent",
};

/** Every state that a delivery can be in. */
export const deliveryStates: readonly string[] = Object.keys(inWords);

/** A delivery's state as a half-sentence: `was sent`. */
export const stateInWords = (state: DeliveryState): string => inWords[state];

/** The fault of a verb that a delivery's state doesn't allow. */
export const refuse = ({ id, state }: Delivery, verb: string, allowed: string): Fault =>
  new Fault("usage", `Delivery ${id} can't be ${verb}: it ${inWords[state]}.`, {
    hint: `only ${allowed} can be; see it: daybreak deliveries show ${id}`,
  });

/**
 * Tries a delivery again that failed, expired, is uncertain or quarantined: from its message where there is one, else from the picture. After
 * it has expired only with `late`: its figures are yesterday's by now.
 */
export const retryDelivery = async (
  { id, by, late }: Asked & { readonly late: boolean },
  { pool, clock }: VerbParts,
): Promise<Retried> => {
  const delivery = await deliveryNamed(id, pool);
  if (!late) refuseLate(delivery, clock.now(), "tried again");
  const message = await messageOf(pool, id);
  const expiresAt = later(clock.now(), (await reportVersion(pool, delivery.version))?.expiresMs ?? DAY_MS);
  const work = async (db: Session): Promise<Retried["from"] | null> => {
    // A quarantined picture was refused, so only a new one can help; a written message was proven before.
    if (message !== null && (await resendDelivery(db, id, expiresAt))) return "the message as it is";
    if (!(await replanDelivery(db, id, expiresAt))) return null;
    await drawAgain(db, id);
    return "the picture";
  };
  const from = await transaction(pool, work, by);
  if (from === null) throw refuse(delivery, "tried again", "one that failed, expired, is uncertain or quarantined");
  return { delivery, from };
};

const DAY_MS = 86_400_000;

/** Throws `usage` for a delivery that has expired and could be sent: somebody must say that it is still of use. */
export const refuseLate = ({ id, state, expiresAt, zone }: Delivery, now: Temporal.Instant, verb: string): void => {
  const isOpen = state === "failed" || state === "expired" || state === "uncertain" || state === "quarantined";
  if (!isOpen || before(now, expiresAt)) return;
  const when = expiresAt.toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: "minute" });
  throw new Fault("usage", `Delivery ${id} isn't ${verb}: it expired at ${when.replace("T", " ")} (${zone}).`, {
    hint: "if it is still of use, add: --late",
  });
};

/** Lets a quarantined delivery go out although the proof refused it. The reason is recorded with who gave it. */
export const release = async (
  { id, by, reason }: Asked & { readonly reason: string },
  { pool }: VerbParts,
): Promise<Delivery> => {
  refuseEmpty(reason);
  const delivery = await deliveryNamed(id, pool);
  const done = await transaction(pool, (db) => releaseDelivery(db, id, `${by}: ${reason}`), by);
  if (!done) throw refuse(delivery, "released", "a quarantined one");
  return delivery;
};

/** States from which a delivery may still be discarded. */
const open: readonly DeliveryState[] = ["planned", "drawn", "proven", "quarantined", "composed"];

/** Ends a delivery that has not been sent: nobody gets it. The reason is recorded with who gave it. */
export const discard = async (
  { id, by, reason }: Asked & { readonly reason: string },
  { pool, clock }: VerbParts,
): Promise<Delivery> => {
  refuseEmpty(reason);
  const delivery = await deliveryNamed(id, pool);
  const move = {
    id,
    from: delivery.state,
    to: "discarded",
    reason: `${by}: ${reason}`,
    finishedAt: clock.now(),
  } as const;
  const done = open.includes(delivery.state) && (await transaction(pool, (db) => moveDelivery(db, move), by));
  if (!done) throw refuse(delivery, "discarded", "one that is quarantined or still on its way");
  return delivery;
};

/** Throws `usage` for a reason without words. */
export const refuseEmpty = (reason: string): void => {
  if (reason.trim() !== "") return;
  throw new Fault("usage", "A reason is needed: it is kept with the delivery.", { hint: 'write it: --reason "…"' });
};

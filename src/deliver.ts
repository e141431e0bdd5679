/** STORY PAGE 2: a delivery whose renders are there is proven, composed and sent. */
import { type Look, lookAgain } from "#audience/look.ts";
import { type DraftFacts, putDrafts } from "#audience/run.ts";
import { type ComposeParts, composeDelivery } from "#compose/run.ts";
import type { Delivery, DeliveryPart } from "#model/delivery.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import { before } from "#model/time.ts";
import { planAgain, proveDelivery } from "#proof/run.ts";
import { viewOf } from "#render/plan.ts";
import type { Log } from "#runtime/log.ts";
import { within } from "#runtime/timeout.ts";
import { type PostParts, postNext } from "#send/run.ts";
import { deliveryById, leaseDelivery, moveDelivery, postponeDelivery, type WorkAsk } from "#store/deliveries.ts";
import { outlast } from "#store/outlast.ts";
import type { Session } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";
import { slotById } from "#store/slots.ts";

/** What a delivery's way uses. */
export interface DeliverParts extends ComposeParts, Omit<PostParts, "look"> {
  readonly log: Log;
  readonly reportOf: (delivery: Pick<Delivery, "report" | "version">) => Promise<KnownReport>;
  readonly holidaysOn: (date: string) => Promise<Readonly<Record<string, string>>>;
  readonly requests: DraftFacts["parts"]["requests"];
}

/** Proves and composes the next drawn delivery; false when there is none. One that fails stops nobody else. */
export const writeNext = async (ask: WorkAsk, parts: DeliverParts): Promise<boolean> => {
  const id = await leaseDelivery(parts.pool, ask);
  const delivery = id === null ? null : await deliveryById(parts.pool, id);
  if (delivery === null) return false;
  try {
    // One that hangs must not keep all the others from being written; after its lease anybody may take it.
    await within({ ms: ask.leaseMs, name: "the writing", setting: "limits.leaseMs" }, () => write(delivery, parts));
  } catch (error) {
    parts.log.warn("delivery.set-back", { delivery: delivery.id, error });
    // Otherwise a database that is away for a second would cost the whole lease; one that stays away longer does.
    const tell = (fault: unknown): void =>
      parts.log.error("delivery.set-back-kept", { delivery: delivery.id, error: fault });
    await outlast(() => setBack(delivery, error, parts), { tell, signal: AbortSignal.timeout(longestOutageMs) });
  }
  return true;
};

const write = async (delivery: Delivery, parts: DeliverParts): Promise<void> => {
  const known = await parts.reportOf(delivery);
  const find = (part: DeliveryPart) => viewOf(part, known.report);
  const { pool, clock, log } = parts;
  if (delivery.state === "drawn") {
    const judgment = await proveDelivery(delivery, (part) => find(part).report, pool);
    if (judgment.outcome === "outdated") return planAgain(delivery, "drawn", parts);
    const reasons = judgment.outcome === "proven" ? judgment.warnings : judgment.reasons;
    log.info("delivery.proof", { delivery: delivery.id, outcome: judgment.outcome, reasons });
    const reason = reasons.length === 0 ? null : reasons.join(" ");
    const finishedAt = judgment.outcome === "skipped" ? clock.now() : null;
    const move = { id: delivery.id, from: "drawn", to: judgment.outcome, reason, finishedAt } as const;
    if (!(await moveDelivery(pool, move)) || judgment.outcome !== "proven") return;
  }
  if (await composeDelivery(delivery, { report: known.report, find }, parts)) return;
  await planAgain(delivery, "proven", parts);
};

const longestOutageMs = 15_000;

/** A database or file that is away is waited for; a template or figure that is wrong ends this delivery, with its reason. */
const setBack = async (delivery: Delivery, error: unknown, parts: DeliverParts): Promise<void> => {
  const { pool, clock } = parts;
  const current = await deliveryById(pool, delivery.id);
  if (current === null || (current.state !== "drawn" && current.state !== "proven")) return;
  if (isFault(error) && error.retry === "later" && before(clock.now(), current.expiresAt)) {
    // Where this can be recorded, the database is there again.
    const seconds = isFault(error, "store.unreachable") ? 0 : 30;
    await postponeDelivery(pool, delivery.id, clock.now().add({ seconds }));
    return;
  }
  await moveDelivery(pool, {
    id: delivery.id,
    from: current.state,
    to: "failed",
    reason: wordsOf(error),
    finishedAt: clock.now(),
  });
};

/** Sends the next composed delivery, after a last look at its recipient, filters and suppressions; false when there is none. */
export const sendNext = (ask: WorkAsk, parts: DeliverParts, signal: AbortSignal): Promise<boolean> => {
  const look = async (db: Session, delivery: Delivery): Promise<Look> => {
    const known = await parts.reportOf(delivery);
    const slot = delivery.slotId === null ? null : await slotById(db, delivery.slotId);
    // Dates are the slot's, as they were when it was planned: where the person lives it may be another day.
    const zone = slot?.zone ?? delivery.zone;
    const date = delivery.nominal.toZonedDateTimeISO(zone).toPlainDate().toString();
    const seen = await lookAgain(db, { delivery, known, zone, holidays: await parts.holidaysOn(date) });
    if (seen.verdict !== "anew") return seen;
    // Planned anew under an occasion of its own, since the old one stays as a record.
    await putDrafts(db, [seen.draft], { known, slot, occasion: `${delivery.occasion}+${delivery.id}`, parts });
    return seen;
  };
  return postNext(ask, { ...parts, look }, signal);
};

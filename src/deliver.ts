/** STORY PAGE 2: a delivery whose renders are there is proven, composed and sent. */
import { type Look, lookAgain } from "#audience/look.ts";
import { type DraftFacts, putDrafts } from "#audience/run.ts";
import { keepWriting, setBack } from "#compose/hold.ts";
import { type ComposeParts, composeDelivery } from "#compose/run.ts";
import type { Delivery, DeliveryPart } from "#model/delivery.ts";
import type { Report } from "#model/report.ts";
import { planAgain, proveDelivery } from "#proof/run.ts";
import { viewOf } from "#render/plan.ts";
import type { Log } from "#runtime/log.ts";
import { within } from "#runtime/timeout.ts";
import { type StagingRules, stagedRecipients } from "#send/plan/staging.ts";
import { type PostParts, postNext } from "#send/run.ts";
import { leaseDelivery, moveDelivery, type WorkAsk, type WriteAsk } from "#store/deliveries.ts";
import type { Session } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";
import { slotById } from "#store/slots.ts";

/** What a delivery's way uses. */
export interface DeliverParts extends ComposeParts, Omit<PostParts, "look"> {
  readonly log: Log;
  /** Longest time for proving and writing one email. */
  readonly writeTimeoutMs: number;
  /** The report as it was when the delivery was planned. */
  readonly definitionOf: (delivery: Pick<Delivery, "report" | "version">) => Promise<Report>;
  /** The same, with its mode of today. */
  readonly reportOf: (delivery: Pick<Delivery, "report" | "version">) => Promise<KnownReport>;
  readonly holidaysOn: (date: string) => Promise<Readonly<Record<string, string>>>;
  readonly requests: DraftFacts["parts"]["requests"];
  /** Who mail may leave for at all, in a staging place. */
  readonly staging: StagingRules;
}

/** Proves and composes the next drawn delivery; false when there is none. One that fails stops nobody else. */
export const writeNext = async (ask: WriteAsk, parts: DeliverParts): Promise<boolean> => {
  const delivery = await leaseDelivery(parts.pool, ask);
  if (delivery === null) return false;
  const lease = keepWriting(delivery, ask, parts);
  try {
    await parts.passPoint("write:claimed");
    // One that hangs must not keep all the others from being written.
    const bound = { ms: parts.writeTimeoutMs, name: "the writing", setting: "limits.writeTimeoutMs" };
    await within({ ...bound, signal: lease.signal }, () => write(delivery, parts));
  } catch (error) {
    parts.log.warn("delivery.set-back", { delivery: delivery.id, error });
    // Somebody else has it now, and what becomes of it is theirs to say.
    if (!lease.isLost()) await setBack(delivery, error, parts);
  } finally {
    lease.end();
  }
  return true;
};

const write = async (delivery: Delivery, parts: DeliverParts): Promise<void> => {
  const report = await parts.definitionOf(delivery);
  const find = (part: DeliveryPart) => viewOf(part, report);
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
    await parts.passPoint("write:proven");
  }
  if (await composeDelivery(delivery, { report, find }, parts)) return;
  await planAgain(delivery, "proven", parts);
};

/** Sends the next composed delivery, after a last look at its recipient, filters and suppressions; false when there is none. */
export const sendNext = (ask: WorkAsk, parts: DeliverParts, signal: AbortSignal): Promise<boolean> => {
  const look = async (db: Session, delivery: Delivery): Promise<Look> => {
    const kept = keptHere(delivery, parts.staging);
    if (kept !== null) return { verdict: "skip", reason: kept };
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

/** Why nothing of a delivery may leave a staging place; `null`: it may, or only goes into the outbox. */
const keptHere = ({ trial, envelope: { to, cc, bcc } }: Delivery, staging: StagingRules): string | null =>
  trial || stagedRecipients([to, ...cc, ...bcc], staging).length > 0
    ? null
    : `mail to ${to} does not leave here (mail.onlyTo)`;

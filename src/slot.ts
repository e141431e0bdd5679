/** STORY PAGE 1: a slot comes due, waits for its data, gets its audience, and is closed when nothing of it is under way. */

import { type AudienceParts, filtersOfPeople, fixAudience } from "#audience/run.ts";
import { letRestGo } from "#audience/waves.ts";
import type { Alerts } from "#model/alert.ts";
import type { Slot } from "#model/delivery.ts";
import { wordsOf } from "#model/fault.ts";
import type { Filters } from "#model/filters.ts";
import type { Report } from "#model/report.ts";
import { before } from "#model/time.ts";
import { askReadiness, type ReadinessParts, wantsFilters } from "#readiness/run.ts";
import type { Log } from "#runtime/log.ts";
import type { PassPoint } from "#runtime/point.ts";
import type { KnownReport } from "#store/reports.ts";
import { closeSlot, moveSlot } from "#store/slots.ts";

/** What a slot's way uses. */
export interface SlotParts extends AudienceParts {
  readonly log: Log;
  readonly readiness: ReadinessParts;
  readonly alerts: Alerts;
  readonly passPoint: PassPoint;
  /** The report as it was when the slot was made, with its mode of today. */
  readonly reportOf: (slot: Pick<Slot, "report" | "version">) => Promise<KnownReport>;
  /** Reads the report's lists of people anew, so that who has left gets nothing. */
  readonly readLists: (report: Report) => Promise<void>;
}

/** Moves one slot on by one step; true when something changed and its deliveries may want attention. */
export const advanceSlot = async (slot: Slot, parts: SlotParts, signal: AbortSignal): Promise<boolean> => {
  const known = await parts.reportOf(slot);
  switch (slot.state) {
    case "due":
    case "waiting":
      return makeReady(slot, known, { parts, signal });
    case "ready":
      await parts.passPoint("slot:taken");
      return gather(slot, known, parts);
    case "planned":
      return (await letRestGo(slot, known.report, parts)) || closeSlot(parts.pool, slot.id, parts.clock.now());
    case "paused":
    case "closed":
    case "skipped":
      return false;
  }
};

const makeReady = async (
  slot: Slot,
  known: KnownReport,
  { parts, signal }: { readonly parts: SlotParts; readonly signal: AbortSignal },
): Promise<boolean> => {
  const now = parts.clock.now();
  const { report } = known;
  if (hasExpired(slot, report, parts)) return expire(slot, "it was not ready before it expired", parts);
  if (report.readiness === null) return moveSlot(parts.pool, slot, { to: "ready" });
  const { readiness } = report;
  const filters = await filtersAsked(slot, known, parts);
  const answer = await askReadiness({ slot, readiness, filters, now, signal }, parts.readiness);
  parts.log.info("slot.readiness", { slot: slot.id, report: slot.report, to: answer.to, reason: answer.reason });
  return moveSlot(parts.pool, slot, answer);
};

/** Probes about people's own filters need to know the people, so their lists are read before. */
const filtersAsked = async (slot: Slot, known: KnownReport, parts: SlotParts): Promise<readonly Filters[]> => {
  if (!known.report.readiness?.probes.some(wantsFilters)) return [];
  await parts.readLists(known.report);
  return filtersOfPeople(slot, known, parts);
};

/** A list that can't be read stops the slot, never falls back on yesterday's people; it is tried again until the slot expires. */
const gather = async (slot: Slot, known: KnownReport, parts: SlotParts): Promise<boolean> => {
  const key = `audience:${slot.report}`;
  try {
    await parts.readLists(known.report);
  } catch (error) {
    if (hasExpired(slot, known.report, parts))
      return expire(slot, `its people could not be read: ${wordsOf(error)}`, parts);
    const lines = [wordsOf(error), "It is tried again until the slot expires; nobody gets this report before."];
    const subject = `${slot.report}: the list of people can't be read`;
    await parts.alerts.raise({ key, severity: "critical", subject, lines });
    parts.log.error("slot.audience", { slot: slot.id, report: slot.report, error });
    return false;
  }
  await parts.alerts.recover(key);
  // Nothing is drawn that would expire at once, and a slot at which everything fails doesn't stay open for ever.
  if (hasExpired(slot, known.report, parts)) return expire(slot, "it could be planned only after it expired", parts);
  const isFixed = await fixAudience(slot, known, parts);
  await parts.passPoint("slot:planned");
  return isFixed;
};

const hasExpired = (slot: Slot, report: Report, parts: SlotParts): boolean =>
  before(slot.due.add({ milliseconds: report.expiresMs }), parts.clock.now());

const expire = (slot: Slot, reason: string, parts: SlotParts): Promise<boolean> =>
  moveSlot(parts.pool, slot, { to: "skipped", reason });

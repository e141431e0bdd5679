import { headersFor, messageIdOf, storedMessage } from "#compose/mime.ts";
import { planSummary, type SummaryInput, type SummaryTrouble } from "#compose/plan/summary.ts";
import type { Templates } from "#compose/templates.ts";
import type { Delivery, Slot } from "#model/delivery.ts";
import { type Fault, isFault } from "#model/fault.ts";
import type { StoredMessage } from "#model/message.ts";
import { inLanguage } from "#model/report.ts";
import { before, later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { listDeliveries } from "#store/deliveries.ts";
import { installationOf } from "#store/messages.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";
import { lockUntold, markTold, morningOf } from "#store/slots.ts";

/** What telling a slot's owner uses. */
export interface SummaryParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly templates: Templates;
  readonly mail: { readonly from: string };
  /** Who is told where a report names no owner; the first of them. */
  readonly operators: readonly string[];
  /** A skip as somebody wanted it is counted, but nothing to do. */
  readonly isChosenSkip: (reason: string) => boolean;
  readonly post: (message: StoredMessage, isTrial: boolean) => Promise<void>;
}

/** More than this is no summary; the rest is counted. */
const mostDeliveries = 100_000;

/**
 * Tells a closed slot's owner in one email how it went, together with the others of the same morning. The right to tell is held by a lock while
 * it is sent and recorded after it: a crash in between tells twice rather than never. What is refused for good or may have been taken is not
 * sent again; its fault is thrown.
 */
export const tellOwner = async (slot: Slot, known: KnownReport, parts: SummaryParts): Promise<void> => {
  const fault = await transaction(parts.pool, async (db) => {
    if (!(await lockUntold(db, slot))) return null;
    const morning = await morningOf(db, slot, morningMs);
    if (isAwaited(morning, parts.clock.now())) return null;
    const slots = morning.filter(({ state }) => state === "closed");
    const refused = await told(slots, known, { parts, db });
    const ids = slots.map(({ id }) => id);
    await markTold(db, ids, parts.clock.now());
    return refused;
  });
  if (fault !== null) throw fault;
};

/** People of several zones and schedules get one report in slots of their own; what comes due so close together is one morning to its owner. */
const morningMs = 60 * 60_000;

/** Others of the morning that will end by themselves are waited for, but no longer than a morning: bad news must not wait for them. */
const isAwaited = (morning: readonly Slot[], now: Temporal.Instant): boolean => {
  const open = morning.filter(({ state, isStopped }) => state !== "closed" && state !== "paused" && isStopped !== true);
  return open.length > 0 && morning.every(({ due }) => before(now, later(due, morningMs)));
};

/** After a day nobody needs to hear of it any more, and a mail server isn't asked for ever. */
const tellWithinMs = 24 * 3_600_000;

/** Sends the summary where there is somebody to tell; the fault after which it isn't tried again. */
const told = async (
  slots: readonly Slot[],
  known: KnownReport,
  { parts, db }: { readonly parts: SummaryParts; readonly db: Session },
): Promise<Fault | null> => {
  const to = known.report.owner ?? parts.operators[0] ?? null;
  const deliveries: Delivery[] = [];
  for (const { id: slotId } of slots) {
    const query = { report: null, state: null, occasion: null, slotId, limit: mostDeliveries };
    deliveries.push(...(await listDeliveries(db, query)));
  }
  const [first] = slots;
  if (to === null || first === undefined || deliveries.length === 0) return null;
  const message = await summaryOf({ first, slots, known, deliveries, to }, parts);
  try {
    await parts.post(message, known.mode === "trial");
    return null;
  } catch (error) {
    const isTooLate = before(later(first.due, tellWithinMs), parts.clock.now());
    if (!isFault(error) || (error.retry === "later" && !isTooLate)) throw error;
    return error;
  }
};

interface SummaryFacts {
  readonly first: Slot;
  readonly slots: readonly Slot[];
  readonly known: KnownReport;
  readonly deliveries: readonly Delivery[];
  readonly to: string;
}

const summaryOf = async (facts: SummaryFacts, parts: SummaryParts): Promise<StoredMessage> => {
  const { first, known, to } = facts;
  const { report } = known;
  const { from } = parts.mail;
  const deliveryId = `summary-${first.id}`;
  const title = inLanguage(report.title, report.locale);
  const view = planSummary(inputOf(facts, title, parts));
  const filled = await parts.templates.fill("summary", view);
  const message = {
    ...filled,
    messageId: messageIdOf({ deliveryId: `${deliveryId}.${await installationOf(parts.pool)}`, from }),
    from,
    to,
    cc: [],
    bcc: [],
    replyTo: null,
    headers: headersFor({ deliveryId, report: report.name, reportTitle: title, from, stopUrl: null }),
    inline: [],
    attachments: [],
  };
  return storedMessage(message, { deliveryId, date: parts.clock.now() });
};

const inputOf = (
  { first, slots, known, deliveries }: SummaryFacts,
  title: string,
  parts: SummaryParts,
): SummaryInput => {
  const zones = [...new Set(slots.map(({ zone }) => zone))];
  const late = slots.find(({ notice }) => notice !== null);
  const counts: Record<string, number> = {};
  for (const { state } of deliveries) counts[state] = (counts[state] ?? 0) + 1;
  return {
    title,
    nominal: first.nominal,
    zone: first.zone,
    zones: zones.every((zone) => zone === known.report.zone) ? [] : zones,
    locale: known.report.locale,
    counts,
    finishedAt: (counts["sent"] ?? 0) === 0 ? null : parts.clock.now(),
    ...(late === undefined ? {} : { lateData: late.dataAsOf }),
    troubles: deliveries
      .filter(({ state, reason }) => state !== "skipped" || !parts.isChosenSkip(reason ?? ""))
      .flatMap(troubleOf),
    ledgerUrl: null,
  };
};

const troubleOf = ({ id, state, recipientName, reason }: Delivery): readonly SummaryTrouble[] => {
  const toDo = remedies[state];
  if (toDo === undefined) return [];
  const outcome = state as SummaryTrouble["outcome"];
  return [{ recipient: recipientName, outcome, reason: reason ?? "", toDo: toDo.replaceAll("ID", id) }];
};

/** What an operator can do about an outcome, as the command to type. */
const remedies: Partial<Record<Delivery["state"], string>> = {
  quarantined: "daybreak deliveries show ID, then release or discard it",
  failed: "mend the cause, then: daybreak deliveries retry ID",
  uncertain: "ask whether it arrived, then: daybreak deliveries resolve ID --sent, or --resend",
  expired: "if it is still of use: daybreak deliveries retry ID --late",
  skipped: "correct the person's row",
};

/** A plain email about the work itself: an alert. `id` makes its Message-ID. */
export const plainEmail = (
  letter: {
    readonly id: string;
    readonly from: string;
    readonly to: string;
    readonly subject: string;
    readonly text: string;
  },
  date: Temporal.Instant,
): Promise<StoredMessage> => {
  const { id: deliveryId, from, to, subject, text } = letter;
  const messageId = messageIdOf({ deliveryId, from });
  const headers = headersFor({ deliveryId, report: "alert", reportTitle: "Daybreak", from, stopUrl: null });
  const nothing = { cc: [], bcc: [], replyTo: null, html: "", inline: [], attachments: [] };
  return storedMessage({ ...nothing, messageId, from, to, subject, text, headers }, { deliveryId, date });
};

/** Sends a slot's emails anew to those who got them, marked as a correction. */
import { reportNamed } from "#actions/named.ts";
import { planRequests } from "#audience/plan.ts";
import type { Correction, Delivery, DeliveryDraft, Slot } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import type { People } from "#model/people.ts";
import type { Report } from "#model/report.ts";
import { later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { numberCorrection, sentMessages } from "#store/corrections.ts";
import { listDeliveries } from "#store/deliveries.ts";
import { peopleOf } from "#store/people.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import { drawAgain } from "#store/renders.ts";
import type { KnownReport } from "#store/reports.ts";
import { slotById } from "#store/slots.ts";
import { stopAgainst } from "#store/stops.ts";

/** What correcting uses. */
export interface CorrectParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly holidaysOn: (date: string) => Promise<Readonly<Record<string, string>>>;
  readonly readLists: (report: Report) => Promise<void>;
  readonly putDrafts: (
    db: Session,
    drafts: readonly DeliveryDraft[],
    facts: {
      readonly known: KnownReport;
      readonly slot: null;
      readonly occasion: string;
      readonly corrections: ReadonlyMap<DeliveryDraft, Correction>;
    },
  ) => Promise<readonly string[]>;
}

/** What an operator asks for. */
export interface CorrectRequest {
  readonly slot: string;
  /** Stands in the email: whoever got the wrong one reads it. */
  readonly reason: string;
  readonly by: string;
}

/** A correction as it would be sent. */
export interface DraftedCorrection {
  readonly known: KnownReport;
  readonly slot: Slot;
  readonly drafts: readonly DeliveryDraft[];
  readonly corrections: ReadonlyMap<DeliveryDraft, Correction>;
  /** Emails of the slot of which nobody knows whether they arrived: they get no correction. */
  readonly uncertain: number;
}

/** More than any slot has. */
const most = 1_000_000;

/** Draws up the correction of a slot: one email for each that was sent, to the mailboxes that got it. Writes nothing. */
export const draftCorrection = async (request: CorrectRequest, parts: CorrectParts): Promise<DraftedCorrection> => {
  const { pool, clock } = parts;
  const slot = await slotNamed(request.slot, pool);
  refuseEmpty(request.reason);
  const known = await reportNamed(slot.report, pool);
  await parts.readLists(known.report);
  const names = [known.report, ...known.report.bundled].map((report) => report.name);
  const people = await peopleOf(pool, names);
  const query = { report: null, occasion: null, slotId: slot.id, limit: most };
  const sent = await listDeliveries(pool, { ...query, state: "sent" });
  refuseNone(slot, sent, known);
  const messages = await sentMessages(pool, slot.id);
  const date = slot.nominal.toZonedDateTimeISO(slot.zone).toPlainDate().toString();
  const now = clock.now();
  const plan = planOnce({ known, slot, people, holidays: await parts.holidaysOn(date), now });
  const facts = { known, now, plan, people: indexed(people) };
  const corrections = new Map<DeliveryDraft, Correction>();
  for (const delivery of sent) {
    const messageId = messages.get(delivery.id);
    // Without its message, which went with its erased recipient, there is nobody to write to.
    if (messageId === undefined) continue;
    corrections.set(draftFor(delivery, facts), { of: delivery.id, messageId, reason: request.reason.trim() });
  }
  const uncertain = (await listDeliveries(pool, { ...query, state: "uncertain" })).length;
  return { known, slot, drafts: [...corrections.keys()], corrections, uncertain };
};

/** Records a drawn-up correction; the same reason for the same slot is the same correction. Its occasion. */
export const requestCorrection = async (
  { known, slot, drafts, corrections }: DraftedCorrection,
  { reason, by }: CorrectRequest,
  parts: CorrectParts,
): Promise<string> =>
  transaction(
    parts.pool,
    async (db) => {
      await refuseStopped(slot, db);
      const ask = { slotId: slot.id, reason: reason.trim(), by, now: parts.clock.now() };
      const occasion = `correction:${slot.id}.${await numberCorrection(db, ask)}`;
      // What was wrong may lie in the picture, so none that was drawn before is used again.
      for (const id of await parts.putDrafts(db, drafts, { known, slot: null, occasion, corrections }))
        await drawAgain(db, id);
      return occasion;
    },
    by,
  );

/** What everybody gets today, by the person's id: for readers, or as a report in trial. */
type Planned = (mode: "trial" | "live") => ReadonlyMap<string, readonly DeliveryDraft[]>;

interface PlanFacts {
  readonly known: KnownReport;
  readonly slot: Slot;
  readonly people: People;
  readonly holidays: Readonly<Record<string, string>>;
  readonly now: Temporal.Instant;
}

const planOnce = ({ known: { report }, now, ...rest }: PlanFacts): Planned => {
  const made = new Map<string, ReturnType<Planned>>();
  return (mode) => {
    const plan = made.get(mode) ?? planRequests({ report, mode, ...rest, expiresAt: later(now, report.expiresMs) });
    made.set(mode, plan);
    return plan;
  };
};

/** People and suppressions as they are asked for, thousands of times. */
interface Known {
  readonly active: ReadonlySet<string>;
  readonly suppressed: ReadonlySet<string>;
}

const indexed = ({ recipients, suppressions }: People): Known => ({
  active: new Set(recipients.filter((one) => one.active).map(({ id }) => id)),
  suppressed: new Set(suppressions.map(({ email }) => email)),
});

interface DraftFacts {
  readonly known: KnownReport;
  readonly now: Temporal.Instant;
  readonly plan: Planned;
  readonly people: Known;
}

/**
 * What the person gets today, in those mailboxes that got the wrong one and are still theirs: a mailbox that was wrong itself must not get their
 * figures a second time.
 */
const draftFor = (sent: Delivery, { known, now, plan, people }: DraftFacts): DeliveryDraft => {
  const expiresAt = later(now, known.report.expiresMs);
  const planned = plan(sent.trial ? "trial" : "live")
    .get(sent.recipientId)
    ?.find((one) => one.label === sent.label && one.report === sent.report);
  const { report, recipientId, recipientName, label, filters, formats, locale, zone, parts, nominal, trial } = sent;
  const asSent = { report, recipientId, recipientName, label, filters, formats, locale, zone, parts };
  const current = new Set(planned === undefined ? [] : addressesOf(planned.envelope).map((one) => one.toLowerCase()));
  const isTheirs = (address: string) => current.has(address.toLowerCase());
  const { to, toName, cc, bcc } = sent.envelope;
  const envelope = { to, toName, cc: cc.filter(isTheirs), bcc: bcc.filter(isTheirs) };
  const skip = reasonToSkip({ sent, planned, isTheirs: isTheirs(to) }, people);
  return { ...(planned ?? asSent), envelope, nominal, expiresAt, trial, skip };
};

const addressesOf = ({ to, cc, bcc }: Delivery["envelope"]): readonly string[] => [to, ...cc, ...bcc];

interface Corrected {
  readonly sent: Delivery;
  /** What the person would get today; nothing, where they have no subscription any more. */
  readonly planned: DeliveryDraft | undefined;
  readonly isTheirs: boolean;
}

const reasonToSkip = (
  { sent: { recipientId, envelope }, planned, isTheirs }: Corrected,
  { active, suppressed }: Known,
): string | null => {
  const { to } = envelope;
  if (!active.has(recipientId)) return "the recipient is no longer active";
  if (suppressed.has(to.toLowerCase())) return `mail to ${to} is suppressed`;
  if (planned === undefined) return "the subscription has ended";
  return planned.skip ?? (isTheirs ? null : `${to} is no longer their address, so it gets no correction`);
};

const slotNamed = async (id: string, pool: Pool): Promise<Slot> => {
  const slot = /^\d{1,18}$/.test(id) ? await slotById(pool, id) : null;
  if (slot !== null) return slot;
  throw new Fault("store.not-found", `There is no slot “${id}”.`, { hint: "see them: daybreak slots list" });
};

const refuseEmpty = (reason: string): void => {
  if (reason.trim() !== "" && !/[\r\n]/.test(reason)) return;
  throw new Fault("usage", "A correction needs its reason, on one line: it stands in the email.", {
    hint: 'write it: --reason "…"',
  });
};

const refuseNone = (slot: Slot, sent: readonly Delivery[], { mode }: KnownReport): void => {
  if (sent.length === 0) {
    const hint = `see what became of it: daybreak deliveries list --slot ${slot.id}`;
    throw new Fault("usage", `Nobody got anything of slot ${slot.id}, so there is nothing to correct.`, { hint });
  }
  if (mode === "trial" && sent.some(({ trial }) => !trial)) {
    const hint = `set it live again: daybreak live ${slot.report}`;
    throw new Fault("usage", `“${slot.report}” is in trial now, so its readers would get no correction.`, { hint });
  }
};

const refuseStopped = async (slot: Slot, db: Session): Promise<void> => {
  const stop = await stopAgainst(db, { slotId: slot.id, report: slot.report });
  if (stop === null) return;
  const target = stop.slotId ?? stop.report;
  throw new Fault("usage", `It is stopped (${stop.by}: ${stop.reason}).`, {
    hint: `let it go on first: daybreak resume ${target}`,
  });
};

import { recipientNamed, reportNamed } from "#actions/named.ts";
import { planRequest, planRequests } from "#audience/plan.ts";
import { addressMistake } from "#model/address.ts";
import type { DeliveryDraft } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import type { Recipient } from "#model/people.ts";
import type { Report } from "#model/report.ts";
import { later } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import { peopleOf } from "#store/people.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";
import { stopAgainst } from "#store/stops.ts";

/** What an operator's request uses. */
export interface SendParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly holidaysOn: (date: string) => Promise<Readonly<Record<string, string>>>;
  readonly readLists: (report: Report) => Promise<void>;
  readonly putDrafts: (
    db: Session,
    drafts: readonly DeliveryDraft[],
    facts: { readonly known: KnownReport; readonly slot: null; readonly occasion: string },
  ) => Promise<readonly string[]>;
  /** A name that nothing else has, for the occasion. */
  readonly newId: () => string;
}

/** What an operator asks for: a report now, for everybody or one person, at their own address or another. */
export interface SendRequest {
  readonly report: string;
  /** Key or address of a recipient; `null`: everybody who would get it. */
  readonly as: string | null;
  /** All of it goes there and nowhere else; `null`: to the recipients. */
  readonly deliverTo: string | null;
  /** Goes to the outbox whatever the report's mode is. */
  readonly trial: boolean;
}

/** What would be sent, person by person, with the reason where nothing would be. */
export interface Drafted {
  readonly known: KnownReport;
  readonly drafts: readonly DeliveryDraft[];
}

/** Draws up what would be sent. Reads the report's lists into the tables first; writes no delivery. */
export const draftRequest = async (request: SendRequest, parts: SendParts): Promise<Drafted> => {
  const known = await reportNamed(request.report, parts.pool);
  refuseAddress(request.deliverTo);
  await parts.readLists(known.report);
  const now = parts.clock.now();
  const people = await peopleOf(
    parts.pool,
    [known.report, ...known.report.bundled].map((report) => report.name),
  );
  const zone = known.report.schedule.zone ?? known.report.zone;
  const holidays = await parts.holidaysOn(now.toZonedDateTimeISO(zone).toPlainDate().toString());
  const slot = { nominal: now, zone, schedule: "" };
  const facts = {
    report: known.report,
    mode: known.mode,
    slot,
    people,
    holidays,
    expiresAt: later(now, known.report.expiresMs),
  };
  const wanted =
    request.as === null
      ? people.recipients.filter((one) => one.active)
      : [await recipientNamed(request.as, parts.pool)];
  const planned = request.as === null ? planRequests(facts) : null;
  const draftsFor = ({ id }: Recipient) => (planned === null ? planRequest(facts, id) : (planned.get(id) ?? []));
  const drafts = wanted.flatMap((recipient) =>
    draftsFor(recipient).map((draft) => redirected(draft, recipient, request)),
  );
  if (drafts.length === 0) {
    const hint = `see who does: daybreak plan ${request.report}`;
    throw new Fault("store.not-found", `${request.as ?? "Nobody"} gets nothing of “${request.report}”.`, { hint });
  }
  return { known, drafts };
};

/** Records what was drawn up as deliveries of one occasion, whose name is returned. */
export const requestSend = async ({ known, drafts }: Drafted, parts: SendParts): Promise<string> => {
  const occasion = `request:${parts.newId()}`;
  await transaction(parts.pool, async (db) => {
    await refuseStopped(db, known.report.name);
    await parts.putDrafts(db, drafts, { known, slot: null, occasion });
  });
  return occasion;
};

const refuseStopped = async (db: Session, report: string): Promise<void> => {
  const stop = await stopAgainst(db, { slotId: null, report });
  if (stop === null) return;
  const hint = `let it go on first: daybreak resume ${report}`;
  throw new Fault("usage", `“${report}” is stopped (${stop.by}: ${stop.reason}).`, { hint });
};

const refuseAddress = (address: string | null): void => {
  const mistake = address === null ? null : addressMistake(address);
  if (mistake === null) return;
  const hint = "give one plain address, such as anna@example.com";
  throw new Fault("usage", `“${address}” can't be delivered to: ${mistake}.`, { hint });
};

/** With another address nobody else may get a copy, and what stops mail to the person doesn't matter. */
const redirected = (draft: DeliveryDraft, recipient: Recipient, { deliverTo, trial }: SendRequest): DeliveryDraft => {
  const own = trial ? { ...draft, trial: true } : draft;
  if (deliverTo === null) return recipient.active ? own : { ...own, skip: "the recipient is inactive" };
  const envelope = { to: deliverTo, toName: null, cc: [], bcc: [] };
  const aboutMail = draft.skip !== null && /^(the address|mail to|paused)/.test(draft.skip);
  return { ...own, envelope, skip: aboutMail ? null : draft.skip };
};

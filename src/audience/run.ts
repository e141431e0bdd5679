import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { restOf } from "#audience/plan/wave.ts";
import { type AudienceFacts, guardAudience, planAudience } from "#audience/plan.ts";
import type { Correction, DeliveryDraft, Slot } from "#model/delivery.ts";
import { canonicalFilters, type Filters } from "#model/filters.ts";
import type { People } from "#model/people.ts";
import type { RenderRequest } from "#model/render.ts";
import type { Report } from "#model/report.ts";
import type { Clock } from "#runtime/clock.ts";
import { countOwed, type NewDelivery, putDeliveries, type WantedRenders, wantRenders } from "#store/owed.ts";
import { peopleInParts, peopleOf } from "#store/people.ts";
import { type Pool, type Session, tentatively, transaction } from "#store/pool.ts";
import type { KnownReport } from "#store/reports.ts";
import { lastAudience, lockSlot, moveSlot } from "#store/slots.ts";
import { beginWave } from "#store/waves.ts";

/** What fixing an audience uses. `requests` is the render stage's plan: which renders a draft needs, in the order of its parts. */
export interface AudienceParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly holidaysOn: (date: string) => Promise<Readonly<Record<string, string>>>;
  readonly requests: (draft: DeliveryDraft, known: KnownReport) => readonly RenderRequest[];
}

/** A short key for a long identity; equal identities have equal keys. */
export const keyOf = (identity: string): string => createHash("sha256").update(identity).digest("hex");

/** So many deliveries change what a statement costs. */
const manyOwed = 500;

/** Fixes the audience of a ready slot: deliveries, skips and wanted renders in one transaction. False when somebody else did. */
export const fixAudience = async (slot: Slot, known: KnownReport, parts: AudienceParts): Promise<boolean> => {
  const holidays = await parts.holidaysOn(dateOf(slot));
  let planned = 0;
  const isOurs = await transaction(parts.pool, async (db) => {
    const current = await lockSlot(db, slot.id);
    if (current === null || current.state !== "ready" || current.isStopped === true) return false;
    // A slot that was paused has its number already: an operator let it go on, and the guard asks only once.
    const before = current.audience === null ? await lastAudience(db, current) : null;
    const { owed, guard } = await tentatively(db, async () => {
      const count = await putAudience(db, { slot: current, known, holidays, parts });
      const reason = guardAudience(known.report, before, count);
      return { keep: reason === null, result: { owed: count, guard: reason } };
    });
    if (guard !== null) return moveSlot(db, current, { to: "paused", reason: guard, audience: owed });
    planned = owed;
    return moveSlot(db, current, { to: "planned", audience: owed });
  });
  if (isOurs && planned >= manyOwed) await countOwed(parts.pool);
  return isOurs;
};

interface PlanFacts extends Pick<AudienceFacts, "holidays"> {
  readonly slot: Slot;
  readonly known: KnownReport;
  readonly parts: AudienceParts;
}

/** Plans and records a slot's deliveries, some people at a time: while the database writes some down, the next are planned. How many are owed. */
const putAudience = async (db: Session, { slot, known, holidays, parts }: PlanFacts): Promise<number> => {
  const { report, mode } = known;
  const expiresAt = expiry(slot, known);
  const wanted: WantedRenders = new Map();
  let owed = 0;
  let waits = 0;
  let record = async (): Promise<unknown> => undefined;
  for await (const people of audienceParts(db, report)) {
    const plan = async (): Promise<readonly DeliveryDraft[]> => {
      // Planning leaves no room for anything else: what is to be written must be on its way before.
      await nextTurn();
      return planAudience({ report, mode, slot, people, holidays, expiresAt });
    };
    const drafts = await both(plan(), record());
    const waiting = waitingFor(report, drafts, people);
    record = () => putDrafts(db, drafts, { known, slot, occasion: `slot:${slot.id}`, parts, waiting, wanted });
    owed += drafts.filter((draft) => draft.skip === null).length;
    waits += waiting.size;
  }
  await record();
  if (waits > 0) await beginWave(db, slot.id);
  return owed;
};

/** What the first one gives, once both have ended: what was still being written when the transaction ends would stand outside of it. */
const both = async <T>(one: Promise<T>, other: Promise<unknown>): Promise<T> => {
  await Promise.allSettled([one, other]);
  await other;
  return one;
};

/** Who is in a first wave can be said only of all together; else some people at a time are enough. */
const audienceParts = async function* (db: Session, report: Report): AsyncGenerator<People, void, undefined> {
  const names = [report, ...report.bundled].map((one) => one.name);
  if (report.firstWave === undefined) yield* peopleInParts(db, names);
  else yield await peopleOf(db, names);
};

/** Who gets it only after the first wave; nobody where the report has none. */
const waitingFor = (
  { firstWave, owner }: KnownReport["report"],
  drafts: readonly DeliveryDraft[],
  { recipients }: People,
): ReadonlySet<DeliveryDraft> =>
  firstWave === undefined ? new Set() : restOf({ firstWave, owner, drafts, recipients });

const expiry = (slot: Slot, known: KnownReport): AudienceFacts["expiresAt"] =>
  slot.due.add({ milliseconds: known.report.expiresMs });

/** What drafts are recorded under. */
export interface DraftFacts {
  readonly known: KnownReport;
  readonly slot: Pick<Slot, "id" | "notice"> | null;
  readonly occasion: string;
  readonly parts: Pick<AudienceParts, "clock" | "requests">;
  /** Those of the drafts that wait for the slot's first wave. */
  readonly waiting?: ReadonlySet<DeliveryDraft>;
  /** What each draft corrects, where they are corrections. */
  readonly corrections?: ReadonlyMap<DeliveryDraft, Correction>;
  /** The renders that the same transaction has wanted before. */
  readonly wanted?: WantedRenders;
}

/** Records drafts with the renders that they need; the ids of those that were not there yet. Call it in a transaction. */
export const putDrafts = async (
  db: Session,
  drafts: readonly DeliveryDraft[],
  facts: DraftFacts,
): Promise<readonly string[]> => {
  const { known, slot, occasion, parts, waiting, corrections } = facts;
  // A late note shows no figures, so nothing is drawn for it.
  const isNote = slot?.notice === "late-note";
  const owed = drafts.map((planned) => {
    const draft = isNote ? { ...planned, parts: [] } : planned;
    return { planned, draft, requests: draft.skip === null ? parts.requests(draft, known) : [] };
  });
  const renders = await wantRenders(
    db,
    owed.flatMap((one) => one.requests),
    facts.wanted,
  );
  const now = parts.clock.now();
  const deliveries = owed.map(({ planned, draft, requests }): NewDelivery => {
    const corrects = corrections?.get(planned);
    return {
      ...{ draft, slotId: slot?.id ?? null, occasion, version: known.version, now },
      renderIds: requests.map(({ key }) => renders.get(key) ?? ""),
      waitsForWave: waiting?.has(planned) ?? false,
      ...(corrects === undefined ? {} : { correction: corrects }),
    };
  });
  return putDeliveries(db, deliveries);
};

/** The different filters of a slot's people as the tables have them now; `"all"` is none. */
export const filtersOfPeople = async (
  slot: Slot,
  known: KnownReport,
  parts: Pick<AudienceParts, "pool" | "holidaysOn">,
): Promise<readonly Filters[]> => {
  const { report, mode } = known;
  const names = [report, ...report.bundled].map((one) => one.name);
  const holidays = await parts.holidaysOn(dateOf(slot));
  const different = new Map<string, Filters>();
  for await (const people of peopleInParts(parts.pool, names)) {
    const drafts = planAudience({ report, mode, slot, people, holidays, expiresAt: expiry(slot, known) });
    for (const { filters } of drafts.flatMap((draft) => (draft.skip === null ? draft.parts : [])))
      if (filters !== "all") different.set(canonicalFilters(filters), filters);
  }
  return [...different.values()];
};

const dateOf = (slot: Slot): string => slot.nominal.toZonedDateTimeISO(slot.zone).toPlainDate().toString();

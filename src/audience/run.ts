import { createHash } from "node:crypto";
import { restOf } from "#audience/plan/wave.ts";
import { type AudienceFacts, guardAudience, planAudience } from "#audience/plan.ts";
import type { Correction, DeliveryDraft, Slot } from "#model/delivery.ts";
import { canonicalFilters, type Filters } from "#model/filters.ts";
import type { People } from "#model/people.ts";
import type { RenderRequest } from "#model/render.ts";
import type { Clock } from "#runtime/clock.ts";
import { type NewDelivery, putDelivery } from "#store/deliveries.ts";
import { peopleOf } from "#store/people.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import { wantRender } from "#store/renders.ts";
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

/** Fixes the audience of a ready slot: deliveries, skips and wanted renders in one transaction. False when somebody else did. */
export const fixAudience = async (slot: Slot, known: KnownReport, parts: AudienceParts): Promise<boolean> => {
  const holidays = await parts.holidaysOn(dateOf(slot));
  return transaction(parts.pool, async (db) => {
    const current = await lockSlot(db, slot.id);
    if (current === null || current.state !== "ready" || current.isStopped === true) return false;
    const people = await peopleOf(
      db,
      [known.report, ...known.report.bundled].map((report) => report.name),
    );
    const drafts = planAudience({
      report: known.report,
      mode: known.mode,
      slot: current,
      people,
      holidays,
      expiresAt: expiry(current, known),
    });
    const owed = drafts.filter((draft) => draft.skip === null).length;
    // A slot that was paused has its number already: an operator let it go on, and the guard asks only once.
    const guard = current.audience === null ? guardAudience(known.report, await lastAudience(db, current), owed) : null;
    if (guard !== null) return moveSlot(db, current, { to: "paused", reason: guard, audience: owed });
    const waiting = waitingFor(known.report, drafts, people);
    await putDrafts(db, drafts, { known, slot: current, occasion: `slot:${slot.id}`, parts, waiting });
    if (waiting.size > 0) await beginWave(db, slot.id);
    return moveSlot(db, current, { to: "planned", audience: owed });
  });
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
}

/** Records drafts with the renders that they need; the ids of those that were not there yet. Call it in a transaction. */
export const putDrafts = async (
  db: Session,
  drafts: readonly DeliveryDraft[],
  facts: DraftFacts,
): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (const planned of drafts) {
    // A late note shows no figures, so nothing is drawn for it.
    const draft = facts.slot?.notice === "late-note" ? { ...planned, parts: [] } : planned;
    const requests = draft.skip === null ? facts.parts.requests(draft, facts.known) : [];
    const corrects = facts.corrections?.get(planned);
    const renderIds: string[] = [];
    for (const request of requests) renderIds.push(await wantRender(db, request));
    const delivery: NewDelivery = {
      draft,
      slotId: facts.slot?.id ?? null,
      occasion: facts.occasion,
      version: facts.known.version,
      renderIds,
      now: facts.parts.clock.now(),
      waitsForWave: facts.waiting?.has(planned) ?? false,
      ...(corrects === undefined ? {} : { correction: corrects }),
    };
    const id = await putDelivery(db, delivery);
    if (id !== null) ids.push(id);
  }
  return ids;
};

/** The different filters of a slot's people as the tables have them now; `"all"` is none. */
export const filtersOfPeople = async (
  slot: Slot,
  known: KnownReport,
  parts: Pick<AudienceParts, "pool" | "holidaysOn">,
): Promise<readonly Filters[]> => {
  const people = await peopleOf(
    parts.pool,
    [known.report, ...known.report.bundled].map((report) => report.name),
  );
  const holidays = await parts.holidaysOn(dateOf(slot));
  const facts = { report: known.report, mode: known.mode, slot, people, holidays, expiresAt: expiry(slot, known) };
  const drafts = planAudience(facts).filter((draft) => draft.skip === null);
  const filters = drafts.flatMap((draft) => draft.parts.map((part) => part.filters)).filter((one) => one !== "all");
  return [...new Map(filters.map((one) => [canonicalFilters(one), one])).values()];
};

const dateOf = (slot: Slot): string => slot.nominal.toZonedDateTimeISO(slot.zone).toPlainDate().toString();

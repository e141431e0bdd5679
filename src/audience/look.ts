import { planRequest } from "#audience/plan.ts";
import type { Delivery, DeliveryDraft } from "#model/delivery.ts";
import { canonicalFilters } from "#model/filters.ts";
import type { Db } from "#store/db.ts";
import { peopleAround } from "#store/people.ts";
import type { KnownReport } from "#store/reports.ts";

/** The last look before the wire: still owed as frozen, no longer owed, or owed differently and therefore planned anew. */
export type Look =
  | { readonly verdict: "still" }
  | { readonly verdict: "skip"; readonly reason: string }
  | { readonly verdict: "anew"; readonly reason: string; readonly draft: DeliveryDraft };

/**
 * Compares a frozen delivery with what the rows say now, inside the transaction that commits to sending. What an operator asked
 * for by name goes out as asked.
 */
export const lookAgain = async (
  db: Db,
  {
    delivery,
    known,
    zone,
    holidays,
  }: {
    readonly delivery: Delivery;
    readonly known: KnownReport;
    /** The slot's, in which it has its date. */
    readonly zone: string;
    readonly holidays: Readonly<Record<string, string>>;
  },
): Promise<Look> => {
  if (!delivery.occasion.startsWith("slot:")) return { verdict: "still" };
  const reports = [known.report, ...known.report.bundled].map((report) => report.name);
  const people = await peopleAround(db, reports, delivery.recipientId);
  if (people.recipients[0]?.active !== true) return { verdict: "skip", reason: "the recipient is no longer active" };
  if (known.mode === "trial" && !delivery.trial)
    return { verdict: "skip", reason: "the report was put back into trial" };
  const { nominal, expiresAt } = delivery;
  const mode = delivery.trial ? ("trial" as const) : ("live" as const);
  const slot = { nominal, zone, schedule: "" };
  const drafts = planRequest({ report: known.report, mode, slot, people, holidays, expiresAt }, delivery.recipientId);
  return compare(delivery, drafts);
};

const compare = (delivery: Delivery, drafts: readonly DeliveryDraft[]): Look => {
  const now = drafts.find((draft) => draft.label === delivery.label && draft.report === delivery.report);
  if (now === undefined) return { verdict: "skip", reason: "the subscription has ended" };
  if (now.skip !== null) return { verdict: "skip", reason: now.skip };
  if (filtersKeyOf(now.parts) !== filtersKeyOf(delivery.parts) && delivery.parts.length > 0) {
    return { verdict: "anew", reason: "the filters changed after the picture was drawn", draft: now };
  }
  if (JSON.stringify(sorted(now.envelope)) !== JSON.stringify(sorted(delivery.envelope))) {
    return { verdict: "anew", reason: "the address changed after the email was written", draft: now };
  }
  return { verdict: "still" };
};

const filtersKeyOf = (parts: readonly Pick<Delivery["parts"][number], "report" | "view" | "filters">[]): string =>
  JSON.stringify(parts.map((part) => [part.report, part.view, canonicalFilters(part.filters)]));

// The stored envelope comes back from jsonb, which keeps keys in its own order.
const sorted = ({ to, toName, cc, bcc }: Delivery["envelope"]): unknown => [to, toName, cc, bcc];

import { planRequest } from "#audience/plan.ts";
import type { Delivery, DeliveryDraft } from "#model/delivery.ts";
import { canonicalFilters } from "#model/filters.ts";
import type { People } from "#model/people.ts";
import type { Db } from "#store/db.ts";
import { peopleAround } from "#store/people.ts";
import type { KnownReport } from "#store/reports.ts";

/** The last look before the wire: still owed as frozen, no longer owed, or owed differently and therefore planned anew. */
export type Look =
  | { readonly verdict: "still" }
  | { readonly verdict: "skip"; readonly reason: string }
  | { readonly verdict: "anew"; readonly reason: string; readonly draft: DeliveryDraft };

/**
 * Compares a frozen delivery with what the rows say now, inside the transaction that commits to sending. What an operator asked for
 * isn't planned anew, since they saw what they asked for; where it isn't right any more it stays here, and says why.
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
  const reports = [known.report, ...known.report.bundled].map((report) => report.name);
  const people = await peopleAround(db, reports, delivery.recipientId);
  if (known.mode === "trial" && !delivery.trial) return skip("the report was put back into trial");
  const { nominal, expiresAt } = delivery;
  const mode = delivery.trial ? ("trial" as const) : ("live" as const);
  const slot = { nominal, zone, schedule: "" };
  const drafts = planRequest({ report: known.report, mode, slot, people, holidays, expiresAt }, delivery.recipientId);
  const now = drafts.find((draft) => draft.label === delivery.label && draft.report === delivery.report);
  if (!delivery.occasion.startsWith("slot:")) return compareAsked(delivery, now, people);
  return isActive(people) ? compare(delivery, now) : skip("the recipient is no longer active");
};

const skip = (reason: string): Look => ({ verdict: "skip", reason });

const isActive = ({ recipients }: People): boolean => recipients[0]?.active === true;

const compare = (delivery: Delivery, now: DeliveryDraft | undefined): Look => {
  if (now === undefined) return skip("the subscription has ended");
  if (now.skip !== null) return skip(now.skip);
  if (isDrawnOtherwise(delivery, now)) {
    return { verdict: "anew", reason: "the filters changed after the picture was drawn", draft: now };
  }
  if (JSON.stringify(sorted(now.envelope)) !== JSON.stringify(sorted(delivery.envelope))) {
    return { verdict: "anew", reason: "the address changed after the email was written", draft: now };
  }
  return { verdict: "still" };
};

/** Reasons of a person's row that hold whatever the date is: an operator may ask for a report on a free day. */
const always = /^(the subscription is not active|the address|mail to )/;

/** Where an operator named another mailbox, only what would be shown there matters. */
const compareAsked = (delivery: Delivery, now: DeliveryDraft | undefined, people: People): Look => {
  if (now === undefined) return skip("the subscription has ended");
  if (isDrawnOtherwise(delivery, now)) return skip("the filters changed after it was asked for: ask again");
  const { to, toName, cc, bcc } = delivery.envelope;
  const own = ownAddresses(people);
  if (!own.has(to.toLowerCase()))
    return toName === null ? { verdict: "still" } : skip("the address changed after it was asked for: ask again");
  if (!isActive(people)) return skip("the recipient is no longer active");
  if (now.skip !== null && always.test(now.skip)) return skip(now.skip);
  const stopped = [to, ...cc, ...bcc].find((address) =>
    people.suppressions.some(({ email }) => email === address.toLowerCase()),
  );
  return stopped === undefined ? { verdict: "still" } : skip(`mail to ${stopped} is suppressed`);
};

const ownAddresses = ({ recipients, copies }: People): ReadonlySet<string> => {
  const addresses = [
    ...recipients.flatMap((one) => [one.email, ...one.alternateEmails]),
    ...copies.map((one) => one.email),
  ];
  return new Set(addresses.map((one) => one.toLowerCase()));
};

const isDrawnOtherwise = (delivery: Delivery, now: DeliveryDraft): boolean =>
  filtersKeyOf(now.parts) !== filtersKeyOf(delivery.parts) && delivery.parts.length > 0;

const filtersKeyOf = (parts: readonly Pick<Delivery["parts"][number], "report" | "view" | "filters">[]): string =>
  JSON.stringify(parts.map((part) => [part.report, part.view, canonicalFilters(part.filters)]));

// The stored envelope comes back from jsonb, which keeps keys in its own order.
const sorted = ({ to, toName, cc, bcc }: Delivery["envelope"]): unknown => [to, toName, cc, bcc];

/** A report's people as they would be after its list was read, without writing anything. */
import type { Listing, ListRow } from "#audience/import.ts";
import type { People, Recipient, Subscription } from "#model/people.ts";

/** Nobody: where there is no database to ask. */
export const nobody: People = { recipients: [], groups: [], subscriptions: [], copies: [], suppressions: [] };

/** Where the people of a report's list are remembered as coming from. */
const originOf = (report: string): string => `list:${report}`;

/** The tables' people with a list laid over them, as reading it would leave them. */
export const withListing = (people: People, report: string, listing: Listing): People => {
  const origin = originOf(report);
  const byKey = new Map(people.recipients.map((recipient) => [recipient.key, recipient]));
  const atWork = new Set(people.subscriptions.filter((one) => one.active).map((one) => one.recipientId));
  const listed = listing.rows.map((row) => recipientOf(row, byKey.get(row.key), { atWork, origin }));
  const keys = new Set(listing.rows.map((row) => row.key));
  const held = heldKeys(listing);
  const others = people.recipients.filter((recipient) => !keys.has(recipient.key));
  const heldIds = new Set(
    others.filter((one) => held.has(one.key) || held.has(one.email.toLowerCase())).map((one) => one.id),
  );
  const listedIds = new Set(listed.map((recipient) => recipient.id));
  // Everybody's other subscriptions stay; of this list only those of rows that can't be read.
  const kept = people.subscriptions.filter((one) => {
    if (one.report !== report || one.recipientId === null) return true;
    if (one.label === "" && listedIds.has(one.recipientId)) return false;
    return one.origin !== origin || heldIds.has(one.recipientId);
  });
  const before = new Map(
    people.subscriptions
      .filter((one) => one.report === report && one.label === "")
      .map((one) => [one.recipientId, one] as const),
  );
  const fresh = listing.rows.map((row, at) => {
    const recipientId = listed[at]?.id ?? row.key;
    return subscriptionOf(row, before.get(recipientId), { recipientId, report, origin });
  });
  return { ...people, recipients: [...others, ...listed], subscriptions: [...kept, ...fresh] };
};

/** Whoever stands in a row that can't be used is not taken for having left. */
const heldKeys = ({ mistakes }: Listing): ReadonlySet<string> =>
  new Set(mistakes.flatMap(({ cells }) => cells.flatMap((cell) => [cell.trim(), cell.trim().toLowerCase()])));

interface Listed {
  /** Who has a subscription that is active. */
  readonly atWork: ReadonlySet<string | null>;
  readonly origin: string;
}

const recipientOf = (row: ListRow, known: Recipient | undefined, { atWork, origin }: Listed): Recipient => {
  const { key, kind, name, email } = row;
  if (known === undefined) {
    const { locale, zone, calendar } = row;
    const dates = { validFrom: null, validUntil: null, pausedUntil: null };
    const own = { key, kind, name, email, locale, zone, calendar, attributes: {}, alternateEmails: [] };
    return { id: `new:${key}`, ...own, ...dates, active: true, origin };
  }
  // A list brings back who had left every list, never whom an operator deactivated.
  const hadLeft = known.origin !== null && !atWork.has(known.id);
  return {
    ...known,
    kind,
    name,
    email,
    locale: row.locale ?? known.locale,
    zone: row.zone ?? known.zone,
    calendar: row.calendar ?? known.calendar,
    active: known.active || hadLeft,
  };
};

const subscriptionOf = (
  row: ListRow,
  before: Subscription | undefined,
  { recipientId, report, origin }: Pick<Subscription, "recipientId" | "report" | "origin">,
): Subscription => {
  const open = { id: `list:${row.key}`, split: null, at: null, start: null, end: null, ...before };
  const { filters, attributes, formats, place } = row;
  return {
    ...open,
    report,
    label: "",
    recipientId,
    groupId: null,
    filters,
    attributes,
    formats,
    active: true,
    origin,
    place,
  };
};

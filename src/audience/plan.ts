import { type Entry, entriesOf, timingOf, trimmedValues } from "#audience/entries.ts";
import { bundle } from "#audience/plan/bundle.ts";
import { addressMistake } from "#model/address.ts";
import type { DeliveryDraft, Envelope, Slot } from "#model/delivery.ts";
import { type Filters, mistakeInFilters } from "#model/filters.ts";
import type { Attributes, Copy, People, Suppression } from "#model/people.ts";
import type { FilterSource, Report } from "#model/report.ts";
import { isZone, type Temporal } from "#model/time.ts";

/** Everything that decides who gets what of a slot. */
export interface AudienceFacts {
  readonly report: Report;
  readonly mode: "trial" | "live";
  readonly slot: Pick<Slot, "nominal" | "zone" | "schedule">;
  readonly people: People;
  /** Calendar name → the holiday's name, where the slot's date is one. */
  readonly holidays: Readonly<Record<string, string>>;
  readonly expiresAt: Temporal.Instant;
}

/** A schedule's words in a zone. */
export interface Timing {
  readonly schedule: string;
  readonly zone: string;
}

/** The distinct timings that the people of a report and of its bundle make necessary. */
export const schedulesOf = (report: Report, people: People): readonly Timing[] => {
  const pairs = [report, ...report.bundled]
    .flatMap((one) => entriesOf(one, people))
    .filter((entry) => entry.recipient.active && !entry.stopped)
    .map(timingOf);
  return [...new Map(pairs.map((pair) => [JSON.stringify([pair.schedule, pair.zone]), pair])).values()];
};

/** `schedulesOf` for people who come some at a time. */
export const schedulesOfAll = async (report: Report, all: AsyncIterable<People>): Promise<readonly Timing[]> => {
  const timings = new Map<string, Timing>();
  for await (const people of all)
    for (const { schedule, zone } of schedulesOf(report, people))
      timings.set(JSON.stringify([schedule, zone]), { schedule, zone });
  return [...timings.values()];
};

/** Rules that fit nobody, because what stands in them is no list of values. */
export const mistakesOfGroups = (
  report: Report,
  { groups, subscriptions }: Pick<People, "groups" | "subscriptions">,
): readonly { readonly place: string; readonly what: string }[] => {
  const names = [report, ...report.bundled].map(({ name }) => name);
  const inUse = new Set(
    subscriptions.filter((one) => one.active && names.includes(one.report)).map((one) => one.groupId),
  );
  return groups
    .filter(({ id }) => inUse.has(id))
    .flatMap(({ key, rule }) =>
      Object.entries(rule ?? {})
        .filter(([, values]) => values.length === 0)
        .map(([name]) => ({
          place: `group “${key}”`,
          what: `its rule has no list of values for “${name}”, so nobody belongs to it by that rule`,
        })),
    );
};

/** One draft per delivery owed, and one with its reason for each that is skipped. Who isn't active is not in the audience at all. */
export const planAudience = (asked: AudienceFacts): readonly DeliveryDraft[] => {
  const facts = dated(asked);
  const drafts = [facts.report, ...facts.report.bundled]
    .flatMap((report) => entriesOf(report, facts.people))
    .filter((entry) => entry.recipient.active && belongsToSlot(entry, facts.slot))
    .flatMap((entry) => draftsOf(entry, facts));
  return facts.report.bundled.length === 0 ? drafts : bundle(drafts, facts.report.name);
};

/** Draws up one person's deliveries outside any schedule: an operator asked for them. */
export const planRequest = (asked: AudienceFacts, recipientId: string): readonly DeliveryDraft[] =>
  requested(asked, (id) => id === recipientId);

/** `planRequest` for everybody at once, by the person's id: one by one, ten thousand people would take an hour. */
export const planRequests = (asked: AudienceFacts): ReadonlyMap<string, readonly DeliveryDraft[]> =>
  Map.groupBy(
    requested(asked, () => true),
    ({ recipientId }) => recipientId,
  );

const requested = (asked: AudienceFacts, isWanted: (recipientId: string) => boolean): readonly DeliveryDraft[] => {
  const facts = dated(asked);
  const drafts = [facts.report, ...facts.report.bundled]
    .flatMap((report) => entriesOf(report, facts.people))
    .filter((entry) => isWanted(entry.recipient.id))
    .flatMap((entry) => draftsOf(entry, facts));
  return facts.report.bundled.length === 0 ? drafts : bundle(drafts, facts.report.name);
};

/** Why a slot must wait for a person's word: its audience changed by more than the report allows. `null`: it needn't. */
export const guardAudience = (report: Report, before: number | null, now: number): string | null => {
  if (report.audienceGuard === null || before === null || before === 0) return null;
  const share = Math.abs(now - before) / before;
  if (share <= report.audienceGuard) return null;
  return `the audience changed from ${before} to ${now} deliveries, more than ${Math.round(report.audienceGuard * 100)} % (audienceGuard)`;
};

const belongsToSlot = (entry: Entry, slot: AudienceFacts["slot"]): boolean => {
  const timing = timingOf(entry);
  return timing.schedule === slot.schedule && timing.zone === slot.zone;
};

const draftsOf = (entry: Entry, facts: Dated): readonly DeliveryDraft[] => {
  const { filters, mistake } = filtersFor(entry);
  const skip = reasonToSkip(entry, facts) ?? mistake;
  if (skip !== null || filters === "all") return [draft(entry, facts, { filters, skip, sections: [] })];
  const split = entry.merged.split ?? entry.report.split;
  const several = Object.entries(filters).find(([, values]) => values.length > 1);
  if (split === "together" || several === undefined) return [draft(entry, facts, { filters, skip, sections: [] })];
  const [name, values] = several;
  const single = values.map((value) => ({ value, filters: { ...filters, [name]: [value] } }));
  if (split === "sections") return [draft(entry, facts, { filters, skip, sections: single })];
  return single.map(({ value, filters: own }) => {
    const label = entry.label === "" ? value : `${entry.label} · ${value}`;
    return draft(entry, facts, { label, filters: own, skip, sections: [] });
  });
};

/** A label is a part of a key in the database, where no more than 2,700 bytes fit. */
const longestLabel = 500;

const tooLong = (label: string): string | null =>
  label.length <= longestLabel
    ? null
    : `its label “${label.slice(0, 40)} …” has ${label.length} characters; ${longestLabel} are the most`;

interface DraftParts {
  /** By default the entry's own. */
  readonly label?: string;
  readonly filters: Filters;
  readonly skip: string | null;
  readonly sections: readonly { readonly value: string; readonly filters: Filters }[];
}

const draft = (entry: Entry, facts: Dated, parts: DraftParts): DeliveryDraft => {
  const { report, recipient, merged } = entry;
  const { filters, sections, label = entry.label } = parts;
  const mistake = tooLong(label);
  const chosen = sections.length === 0 ? [{ value: null, filters }] : sections;
  return {
    report: report.name,
    recipientId: recipient.id,
    recipientName: recipient.name === "" ? recipient.key : recipient.name,
    label: mistake === null ? label : `${label.slice(0, 280)} … (${label.length})`,
    envelope: envelopeOf(entry, facts),
    filters,
    formats: merged.formats ?? report.formats,
    locale: recipient.locale ?? report.locale,
    zone: recipient.zone !== null && isZone(recipient.zone) ? recipient.zone : report.zone,
    nominal: facts.slot.nominal,
    expiresAt: facts.expiresAt,
    trial: facts.mode === "trial",
    parts: chosen.flatMap((section) =>
      report.views.map((view) => ({
        report: report.name,
        view: view.name,
        filters: section.filters,
        heading: section.value,
      })),
    ),
    skip: parts.skip ?? mistake,
  };
};

/** The filters of an entry: its own, else the report's mapping from the person's row; with the mistake that forbids a delivery. */
export const filtersFor = ({
  report,
  merged,
}: Entry): { readonly filters: Filters; readonly mistake: string | null } => {
  if (merged.filters !== null) return checked(merged.filters);
  if (Object.keys(report.filter).length === 0) return { filters: "all", mistake: null };
  const filters: Record<string, readonly string[]> = {};
  for (const [name, source] of Object.entries(report.filter)) {
    const values = valuesFrom(source, merged.attributes);
    if (values.length === 0) {
      return {
        filters: {},
        mistake: `the person's row has no value in “${columnOf(source)}”, which filter “${name}” needs`,
      };
    }
    filters[name] = values;
  }
  return checked(filters);
};

/** What is wrong is said and then left out: it may not even have the form of filters. */
const checked = (filters: Filters): { readonly filters: Filters; readonly mistake: string | null } => {
  const mistake = mistakeInFilters(filters);
  return { filters: mistake === null ? filters : {}, mistake };
};

const columnOf = (source: FilterSource): string => ("column" in source ? source.column : "values");

const valuesFrom = (source: FilterSource, attributes: Attributes): readonly string[] => {
  if ("values" in source) return source.values;
  const { column } = source;
  const isMeant = (name: string): boolean => name.toLowerCase() === column.toLowerCase();
  const name = Object.hasOwn(attributes, column) ? column : Object.keys(attributes).find(isMeant);
  return name === undefined ? [] : [...new Set(trimmedValues(attributes, name))];
};

const dateOf = ({ slot }: AudienceFacts): string => slot.nominal.toZonedDateTimeISO(slot.zone).toPlainDate().toString();

/** The facts with the slot's date: to work it out for each of a hundred thousand people would take seconds. */
interface Dated extends AudienceFacts {
  readonly date: string;
}

const dated = (facts: AudienceFacts): Dated => ({ ...facts, date: dateOf(facts) });

const reasonToSkip = (entry: Entry, facts: Dated): string | null => {
  const { recipient, merged, report } = entry;
  const { date } = facts;
  if (entry.stopped) return "the subscription is not active";
  if (recipient.zone !== null && !isZone(recipient.zone)) return `the time zone “${recipient.zone}” isn't known`;
  const from = later(recipient.validFrom, merged.start);
  if (from !== null && date < from) return `starts on ${from}`;
  const until = earlier(recipient.validUntil, merged.end);
  if (until !== null && date > until) return `ended on ${until}`;
  if (recipient.pausedUntil !== null && date <= recipient.pausedUntil) return `paused until ${recipient.pausedUntil}`;
  const holiday = holidayOf(recipient, facts);
  if (holiday !== null && report.schedule.holidays !== "send") return `${date} is a holiday: ${holiday}`;
  return reasonOfAddress(entry, facts);
};

const holidayOf = ({ calendar }: Entry["recipient"], { holidays }: Dated): string | null =>
  calendar !== null && Object.hasOwn(holidays, calendar) ? (holidays[calendar] ?? null) : null;

/** Beginnings of the reasons that somebody has chosen: nothing is to be mended about them. */
const chosen = ["the subscription is not active", "starts on ", "ended on ", "paused until ", "mail to "];

/** True for the reason of a skip that is as somebody wanted it; false for a mistake that somebody should mend. */
export const isChosenSkip = (reason: string): boolean =>
  chosen.some((start) => reason.startsWith(start)) || reason.includes(" is a holiday: ");

const later = (a: string | null, b: string | null): string | null => (a === null || (b !== null && b > a) ? b : a);
const earlier = (a: string | null, b: string | null): string | null => (a === null || (b !== null && b < a) ? b : a);

const reasonOfAddress = (entry: Entry, facts: Dated): string | null => {
  const { to } = envelopeOf(entry, facts);
  const mistake = addressMistake(to);
  if (mistake !== null) return `the address “${to.slice(0, 80)}” can't be used: ${mistake}`;
  const suppression = suppressed(to, facts.people.suppressions);
  return suppression === undefined ? null : `mail to ${to} is suppressed: ${suppression.reason || "no reason given"}`;
};

const suppressed = (address: string, all: readonly Suppression[]): Suppression | undefined =>
  all.find((one) => one.email === address.toLowerCase());

const envelopeOf = ({ recipient, report }: Entry, { date, people }: Dated): Envelope => {
  const { copies: all, suppressions } = people;
  const copies = all.filter(
    (copy) =>
      copy.recipientId === recipient.id && (copy.report === null || copy.report === report.name) && holds(copy, date),
  );
  const [instead, ...rest] = copies.filter((copy) => copy.kind === "instead").map((copy) => copy.email);
  const own = [recipient.email, ...recipient.alternateEmails];
  const open = own.find((address) => suppressed(address, suppressions) === undefined);
  const others = (kind: Copy["kind"]) => copies.filter((copy) => copy.kind === kind).map((copy) => copy.email);
  const usable = (address: string) =>
    addressMistake(address) === null && suppressed(address, suppressions) === undefined;
  return {
    to: instead ?? open ?? recipient.email,
    toName: instead === undefined && recipient.name !== "" ? recipient.name : null,
    cc: [...rest, ...others("cc")].filter(usable),
    bcc: others("bcc").filter(usable),
  };
};

const holds = (copy: Copy, date: string): boolean =>
  (copy.from === null || copy.from <= date) && (copy.until === null || date <= copy.until);

import {
  type Attributes,
  attributesOver,
  type Group,
  type People,
  type Recipient,
  type Subscription,
  valuesOf,
} from "#model/people.ts";
import type { Report } from "#model/report.ts";
import { isZone } from "#model/time.ts";

/** One person's claim to a report under one label: the personal row and the groups' rows merged field by field. */
export interface Entry {
  readonly report: Report;
  readonly recipient: Recipient;
  readonly label: string;
  readonly merged: Pick<Subscription, "filters" | "split" | "formats" | "at" | "start" | "end"> & {
    readonly attributes: Attributes;
  };
  /** An inactive personal row: this person has stopped the report, whatever the groups say. */
  readonly stopped: boolean;
}

/** Everybody's claims to a report. The personal row beats the group's field by field; two groups never make two claims. */
export const entriesOf = (report: Report, people: People): readonly Entry[] => {
  const recipients = new Map(people.recipients.map((recipient) => [recipient.id, recipient]));
  const claims = new Map<string, { personal: Subscription | null; groups: Subscription[]; recipient: Recipient }>();
  const claim = (recipient: Recipient, subscription: Subscription) => {
    const key = JSON.stringify([recipient.id, subscription.label]);
    const known = claims.get(key) ?? { personal: null, groups: [], recipient };
    if (subscription.recipientId === null) known.groups.push(subscription);
    else known.personal = subscription;
    claims.set(key, known);
  };
  for (const subscription of people.subscriptions.filter((one) => one.report === report.name)) {
    for (const recipient of whom(subscription, people, recipients)) claim(recipient, subscription);
  }
  return [...claims.values()].flatMap(({ personal, groups, recipient }) => {
    const active = groups.filter((group) => group.active);
    const rows = [...(personal === null ? [] : [personal]), ...active];
    if (rows.length === 0 || (personal?.active === false && personal.origin !== null && active.length === 0)) return [];
    return [entry(report, recipient, rows)];
  });
};

const whom = (
  subscription: Subscription,
  people: People,
  recipients: ReadonlyMap<string, Recipient>,
): readonly Recipient[] => {
  const own = subscription.recipientId === null ? undefined : recipients.get(subscription.recipientId);
  if (subscription.recipientId !== null) return own === undefined ? [] : [own];
  const group = people.groups.find((one) => one.id === subscription.groupId);
  return group === undefined ? [] : people.recipients.filter((recipient) => belongs(recipient, group));
};

/** True for a member by list, and for whoever the group's rule on attributes fits. */
export const belongs = (recipient: Recipient, group: Group): boolean =>
  group.memberIds.includes(recipient.id) ||
  (group.rule !== null &&
    Object.keys(group.rule).length > 0 &&
    Object.entries(group.rule).every(([name, values]) =>
      trimmedValues(recipient.attributes, name).some((value) => values.includes(value)),
    ));

/** An attribute's values without blanks. */
export const trimmedValues = (attributes: Attributes, name: string): readonly string[] =>
  valuesOf(attributes, name)
    .map((value) => value.trim())
    .filter((value) => value !== "");

const entry = (report: Report, recipient: Recipient, rows: readonly Subscription[]): Entry => {
  const first = <K extends "filters" | "split" | "formats" | "at" | "start" | "end">(
    field: K,
  ): Subscription[K] | null => rows.find((row) => row[field] !== null)?.[field] ?? null;
  const attributes = rows
    .toReversed()
    .reduce((weaker, row) => attributesOver(weaker, row.attributes), recipient.attributes);
  return {
    report,
    recipient,
    label: rows[0]?.label ?? "",
    stopped: rows[0]?.active === false,
    merged: {
      filters: first("filters"),
      split: first("split"),
      formats: first("formats"),
      at: first("at"),
      start: first("start"),
      end: first("end"),
      attributes,
    },
  };
};

/** The schedule's words and the zone that an entry belongs to. An unknown zone falls to the report's, where the row is named and skipped. */
export const timingOf = ({
  report,
  recipient,
  merged,
}: Entry): { readonly schedule: string; readonly zone: string } => ({
  schedule: merged.at ?? report.schedule.at,
  zone: report.schedule.zone ?? (recipient.zone !== null && isZone(recipient.zone) ? recipient.zone : report.zone),
});

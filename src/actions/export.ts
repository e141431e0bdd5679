/** Our tables' people as a file that `recipients import` reads again. */
import { reportNamed } from "#actions/named.ts";
import { type Attributes, attributesOver, type Recipient, type Subscription, valuesOf } from "#model/people.ts";
import { peopleOf } from "#store/people.ts";
import type { Pool } from "#store/pool.ts";

const ownColumns = ["email", "name", "key", "kind", "locale", "zone", "calendar"] as const;

/** One person with what the file says beside their own columns. */
interface Person {
  readonly recipient: Recipient;
  readonly attributes: Attributes;
  readonly subscription: Subscription | null;
}

/** Every active recipient, or those of one report with their formats and filters, as CSV. A person with lists of values has several rows. */
export const exportPeople = async (report: string | null, pool: Pool): Promise<string> => {
  if (report !== null) await reportNamed(report, pool);
  const { recipients, subscriptions } = await peopleOf(pool, report === null ? [] : [report]);
  const people = recipients
    .filter((recipient) => recipient.active)
    .flatMap((recipient): readonly Person[] => {
      if (report === null) return [{ recipient, attributes: recipient.attributes, subscription: null }];
      return subscriptions
        .filter((one) => one.recipientId === recipient.id && one.active)
        .map((subscription) => ({
          recipient,
          attributes: attributesOver(recipient.attributes, subscription.attributes),
          subscription,
        }));
    });
  const names = [...new Set(people.flatMap(({ attributes }) => Object.keys(attributes)))];
  const extra = report === null ? [] : ["formats", "filters"];
  const rows = people.flatMap((person) => rowsOf(person, names, extra.length > 0));
  return [[...ownColumns, ...extra, ...names], ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
};

const rowsOf = (
  { recipient, attributes, subscription }: Person,
  names: readonly string[],
  withExtra: boolean,
): readonly (readonly string[])[] => {
  const { email, name, kind, locale, zone, calendar } = recipient;
  const key = recipient.key === email.toLowerCase() ? "" : recipient.key;
  const own = [email, name, key, kind, locale ?? "", zone ?? "", calendar ?? ""];
  const extra = withExtra ? [subscription?.formats?.join(" ") ?? "", subscription?.filters === "all" ? "all" : ""] : [];
  const count = Math.max(1, ...names.map((one) => valuesOf(attributes, one).length));
  return Array.from({ length: count }, (_, at) => [
    ...own,
    ...extra,
    ...names.map((one) => valuesOf(attributes, one)[at] ?? valuesOf(attributes, one)[0] ?? ""),
  ]);
};

const quoted = (cell: string): string => (/[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

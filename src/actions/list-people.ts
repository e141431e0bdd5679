import { reportNamed } from "#actions/named.ts";
import { type Attributes, attributesOver, type Recipient } from "#model/people.ts";
import { peopleOf } from "#store/people.ts";
import type { Pool } from "#store/pool.ts";
import { allReports } from "#store/reports.ts";

/** A recipient with the reports that they are subscribed to by name; those of groups are shown by `daybreak plan`. */
export interface ListedPerson {
  readonly recipient: Recipient;
  /** Their own, with those that lists say of them. */
  readonly attributes: Attributes;
  readonly reports: readonly string[];
}

/** Every recipient, or those of one report, by name. */
export const listPeople = async (report: string | null, pool: Pool): Promise<readonly ListedPerson[]> => {
  if (report !== null) await reportNamed(report, pool);
  const names = (await allReports(pool)).flatMap((known) =>
    [known.report, ...known.report.bundled].map((one) => one.name),
  );
  const { recipients, subscriptions } = await peopleOf(pool, report === null ? names : [report]);
  const active = subscriptions.filter((one) => one.active && one.recipientId !== null);
  const reportsOf = Map.groupBy(active, (one) => one.recipientId);
  const listed = recipients.map((recipient): ListedPerson => {
    const own = reportsOf.get(recipient.id) ?? [];
    return {
      recipient,
      attributes: own.reduce((weaker, one) => attributesOver(weaker, one.attributes), recipient.attributes),
      reports: [...new Set(own.map((one) => one.report))],
    };
  });
  return report === null ? listed : listed.filter((one) => one.reports.length > 0);
};

import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import {
  type ImportPlan,
  importPlan,
  type KnownRow,
  type Listing,
  readCsvList,
  readQueryList,
} from "#audience/import.ts";
import { Fault, wordsOf } from "#model/fault.ts";
import type { Recipient, Subscription } from "#model/people.ts";
import type { AudienceSource, Report } from "#model/report.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Source } from "#sources/port.ts";
import { putListed } from "#store/listed.ts";
import { allRecipients, leaveList, putList, subscriptionsOfOrigin } from "#store/people.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";

/** What reading lists uses: files lie below `dir` unless their path is absolute. */
export interface ListParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly sources: ReadonlyMap<string, Source>;
  readonly dir: string;
}

/** A person as the tables have them from a list, with the row that holds the subscription. */
export interface ListedRow extends KnownRow {
  readonly subscriptionId: string;
}

/** Where the people of a report that has a list are remembered as coming from. */
export const originOf = (report: Pick<Report, "name">): string => `list:${report.name}`;

/** Reads the lists of a report and of its bundle into the tables; who has left one gets nothing more. A list of our own tables needs no reading. */
export const readLists = async (report: Report, parts: ListParts): Promise<void> => {
  for (const one of [report, ...report.bundled]) {
    const listing = await listingOf(one.audience, parts);
    if (listing === null) continue;
    await refuseEmptied(one, listing, parts);
    await keepListing(one, listing, parts);
  }
};

/**
 * A list that named people and names nobody is far more often an export that failed than a farewell. Taken at its word, everybody would
 * leave, nothing would ever be due again, and nobody would hear of it.
 */
const refuseEmptied = async (report: Report, { rows }: Listing, { pool }: ListParts): Promise<void> => {
  if (rows.length > 0) return;
  const known = await transaction(pool, (db) => listedRows(db, originOf(report)));
  const active = known.filter((row) => row.active).length;
  if (active === 0) return;
  const people = active === 1 ? "one person" : `${active} people`;
  throw new Fault(
    "audience.unreadable",
    `The list of “${report.name}” names nobody any more; before it named ${people}.`,
    {
      hint: `put its rows back; if nobody should get it any more, take the report out or: daybreak trial ${report.name}`,
      retry: "later",
    },
  );
};

/** The rows of a report's list as it stands now, or `null` when its people are kept in our own tables. */
export const listingOf = async (
  audience: AudienceSource,
  { sources, dir }: Pick<ListParts, "sources" | "dir">,
): Promise<Listing | null> => {
  switch (audience.kind) {
    case "tables":
      return null;
    case "csv":
      return readCsvList(await bytesOf(resolve(dir, audience.file)), basename(audience.file));
    case "query": {
      const source = sources.get(audience.source);
      if (source === undefined) {
        throw new Fault("audience.unreadable", `There is no source “${audience.source}”.`, {
          hint: "name it under sources",
        });
      }
      return readQueryList(await source.query({ sql: audience.query, parameters: {} }), audience.source);
    }
  }
};

const bytesOf = async (file: string): Promise<Uint8Array> => {
  try {
    return await readFile(file);
  } catch (cause) {
    const hint = "put the file back, or correct `to`; nobody gets the report meanwhile";
    throw new Fault("audience.unreadable", `${file} can't be read: ${wordsOf(cause)}`, { hint, retry: "later", cause });
  }
};

/** Writes a list into the tables, in one transaction in the list's own name for the audit; what it did. */
export const keepListing = async (
  report: Pick<Report, "name">,
  listing: Listing,
  { pool, clock }: Pick<ListParts, "pool" | "clock">,
): Promise<ImportPlan<ListedRow>> => {
  const origin = originOf(report);
  const work = async (db: Session): Promise<ImportPlan<ListedRow>> => {
    const plan = importPlan(await listedRows(db, origin), listing);
    const rows = [...plan.add, ...plan.change.map(({ row }) => row)];
    await putListed(db, { origin, report: report.name, rows });
    await leaveList(
      db,
      origin,
      plan.deactivate.map((known) => known.subscriptionId),
    );
    const mistakes = plan.mistakes.map((mistake) => `${mistake.place}: ${mistake.what}`);
    await putList(db, { origin, readAt: clock.now(), rows: listing.rows.length, mistakes });
    return plan;
  };
  return transaction(pool, work, origin);
};

/** What the tables have from a list at present. */
export const listedRows = async (db: Session, origin: string): Promise<readonly ListedRow[]> => {
  const recipients = new Map((await allRecipients(db)).map((one) => [one.id, one]));
  return (await subscriptionsOfOrigin(db, origin)).flatMap((subscription) => {
    const recipient = recipients.get(subscription.recipientId ?? "");
    return recipient === undefined ? [] : [rowOf(recipient, subscription)];
  });
};

const rowOf = (recipient: Recipient, subscription: Subscription): ListedRow => ({
  subscriptionId: subscription.id,
  key: recipient.key,
  email: recipient.email,
  name: recipient.name,
  locale: recipient.locale,
  zone: recipient.zone,
  calendar: recipient.calendar,
  kind: recipient.kind,
  formats: subscription.formats,
  filters: subscription.filters === "all" ? "all" : null,
  attributes: subscription.attributes,
  // Whom an operator deactivated is still in the list; only leaving it ends the subscription.
  active: subscription.active,
});

/** An operator's own file of people, read into our tables: recipients, and their subscriptions where a report is named. */
import { reportNamed } from "#actions/named.ts";
import {
  type ImportPlan,
  importPlan,
  type KnownRow,
  type Listing,
  type ListRow,
  readCsvList,
} from "#audience/import.ts";
import { Fault } from "#model/fault.ts";
import type { Recipient, Subscription } from "#model/people.ts";
import { deactivateRecipients, importRecipient } from "#store/imports.ts";
import { leaveList, peopleOf, putSubscription } from "#store/people.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";

/** The file's bytes with the name that people call it by. */
export interface ImportAsk {
  readonly bytes: Uint8Array;
  readonly fileName: string;
  /** `null`: only recipients, without any subscription. */
  readonly report: string | null;
  readonly by: string;
}

/** Who was known before, with what carries them in the tables. */
interface Known extends KnownRow {
  readonly recipientId: string;
  readonly subscriptionId: string | null;
}

/** What the file would change, or has changed. */
export type Imported = ImportPlan<KnownRow>;

/** Whether an import may do what it is about to; `false` leaves everything as it is. */
export type Consent = (plan: Imported) => Promise<boolean>;

/** Compares a file with the tables and, where `consent` agrees, writes it, in one transaction in the operator's name. */
export const importPeople = async (
  ask: ImportAsk,
  pool: Pool,
  consent: Consent,
): Promise<{ readonly plan: Imported; readonly isDone: boolean }> => {
  const listing = readCsvList(ask.bytes, ask.fileName);
  const own = ask.report === null ? withoutSubscription(listing) : listing;
  if (ask.report !== null) await refuseList(ask.report, pool);
  const plan = importPlan(await knownRows(ask.report, own, pool), own);
  if (!(await consent(plan))) return { plan, isDone: false };
  // Planned again inside the transaction: somebody may have changed the tables while a person thought about it.
  const done = await transaction(
    pool,
    async (db) => {
      const fresh = importPlan(await knownRows(ask.report, own, db), own);
      await write(db, fresh, ask.report);
      return fresh;
    },
    ask.by,
  );
  return { plan: done, isDone: true };
};

const originOf = (report: string | null): string => (report === null ? "import" : `import:${report}`);

/** A report that reads a list of its own would forget an import at its next reading. */
const refuseList = async (name: string, pool: Pool): Promise<void> => {
  const { report } = await reportNamed(name, pool);
  if (report.audience.kind === "tables") return;
  const source = report.audience.kind === "csv" ? report.audience.file : "a query";
  throw new Fault("usage", `The people of “${name}” come from ${source}, not from our tables.`, {
    hint: `edit that instead, or set reports.${name}.to to “tables”`,
  });
};

/** Formats and “sees all” belong to a subscription; without a report there is none. */
const withoutSubscription = ({ rows, mistakes }: Listing): Listing => ({
  rows: rows.map((row) => ({ ...row, formats: null, filters: null })),
  mistakes,
});

/** Whom the file names, and whom an earlier import brought: those leave when it no longer names them. */
const knownRows = async (report: string | null, { rows }: Listing, db: Pool | Session): Promise<readonly Known[]> => {
  const people = await peopleOf(db, report === null ? [] : [report]);
  const named = new Set(rows.map((row) => row.key));
  const origin = originOf(report);
  if (report === null) {
    return people.recipients
      .filter((one) => named.has(one.key) || one.origin === origin)
      .map((recipient) => knownRow(recipient, null));
  }
  const recipients = new Map(people.recipients.map((recipient) => [recipient.id, recipient]));
  return people.subscriptions.flatMap((subscription) => {
    const recipient = recipients.get(subscription.recipientId ?? "");
    if (recipient === undefined || subscription.label !== "") return [];
    return named.has(recipient.key) || subscription.origin === origin ? [knownRow(recipient, subscription)] : [];
  });
};

const knownRow = (recipient: Recipient, subscription: Subscription | null): Known => {
  const { key, email, name, locale, zone, calendar, kind } = recipient;
  return {
    ...{ key, email, name, locale, zone, calendar, kind },
    recipientId: recipient.id,
    subscriptionId: subscription?.id ?? null,
    formats: subscription?.formats ?? null,
    filters: subscription?.filters === "all" ? "all" : null,
    attributes: subscription?.attributes ?? recipient.attributes,
    active: recipient.active && (subscription?.active ?? true),
  };
};

const write = async (db: Session, plan: ImportPlan<Known>, report: string | null): Promise<void> => {
  for (const row of [...plan.add, ...plan.change.map((one) => one.row)]) await writeRow(db, row, report);
  const leaving = plan.deactivate;
  if (report === null)
    await deactivateRecipients(
      db,
      leaving.map((one) => one.recipientId),
    );
  else
    await leaveList(
      db,
      originOf(report),
      leaving.flatMap((one) => one.subscriptionId ?? []),
    );
};

const writeRow = async (db: Session, row: ListRow, report: string | null): Promise<void> => {
  const { key, kind, name, email, locale, zone, calendar, formats, filters, attributes, place } = row;
  const origin = originOf(report);
  const who = { key, kind, name, email, locale, zone, calendar, origin };
  const recipientId = await importRecipient(db, { ...who, attributes: report === null ? attributes : null });
  if (report === null) return;
  await putSubscription(db, { report, recipientId, label: "", filters, attributes, formats, origin, place });
};

import type { Filters } from "#model/filters.ts";
import type { Copy, Format, Group, People, Recipient, Split, Subscription, Suppression } from "#model/people.ts";
import type { Temporal } from "#model/time.ts";
import { attributes, rule, texts } from "#store/by-hand.ts";
import { as, at, changed, type Db, instant, json, many, one, type Row, text, textOrNull } from "#store/db.ts";
import { erasedAddress } from "#store/erased.ts";

/** Every statement about people; a test prepares each. */
export const statements = {
  recipients: "select * from recipients order by name, key",
  recipientByKey: "select * from recipients where key = $1 or lower(email) = lower($1) order by key = $1 desc limit 1",
  recipientById: "select * from recipients where id = $1",
  groups: `select g.*, coalesce(array_agg(m.recipient_id order by m.recipient_id) filter (where m.recipient_id is not null), '{}') as members
    from groups g left join group_members m on m.group_id = g.id group by g.id order by g.key`,
  subscriptions: "select * from subscriptions where report = any($1::text[]) order by id",
  subscriptionsFor: `select * from subscriptions where report = any($1::text[]) and (recipient_id = $2 or group_id is not null) order by id`,
  // One after the other: with "exists" all subscriptions would be read for each part of the people.
  recipientsAfter: `select * from recipients r where r.id > $1
      and ($4 or (select true from subscriptions s where s.report = any($2::text[]) and s.recipient_id = r.id limit 1))
    order by r.id limit $3`,
  subscriptionsOfGroups:
    "select * from subscriptions where report = any($1::text[]) and group_id is not null order by id",
  subscriptionsOfMany:
    "select * from subscriptions where report = any($1::text[]) and recipient_id = any($2::bigint[]) order by id",
  copiesOf: "select * from copies where recipient_id = $1 order by id",
  copiesOfMany: "select * from copies where recipient_id = any($1::bigint[]) order by id",
  suppressionsOf: `select email, reason, since from suppressions where email = any($1::text[])
    union all select k.email, s.reason, s.since from unnest($1::text[]) k(email) join suppressions s on s.email = ${erasedAddress("k.email")}
      where exists (select 1 from suppressions where email like 'erased:%')`,
  subscriptionsOfOrigin: `select s.*, r.key from subscriptions s join recipients r on r.id = s.recipient_id where s.origin = $1`,
  copies: "select * from copies order by id",
  // An address that was erased stands there as its hash: it counts for whoever has that address now.
  suppressions: `select email, reason, since from suppressions where email not like 'erased:%'
    union all select k.email, s.reason, s.since from (
        select lower(email) as email from recipients union select lower(unnest(alternate_emails)) from recipients union select lower(email) from copies
      ) k join suppressions s on s.email = ${erasedAddress("k.email")}
      where exists (select 1 from suppressions where email like 'erased:%')
    order by email`,
  putRecipient: `insert into recipients (key, kind, name, email, locale, zone, calendar, origin)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (key) do update set kind = excluded.kind, name = excluded.name, email = excluded.email,
      locale = coalesce(excluded.locale, recipients.locale), zone = coalesce(excluded.zone, recipients.zone),
      calendar = coalesce(excluded.calendar, recipients.calendar),
      active = recipients.active or (recipients.origin is not null
        and not exists (select 1 from subscriptions s where s.recipient_id = recipients.id and s.active))
    returning id`,
  putSubscription: `insert into subscriptions (report, recipient_id, label, filters, attributes, formats, origin, place)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (report, recipient_id, label) where recipient_id is not null
    do update set filters = excluded.filters, attributes = excluded.attributes, formats = excluded.formats,
      origin = excluded.origin, place = excluded.place, active = true`,
  leaveList: "update subscriptions set active = false where id = any($1::bigint[]) and active",
  deactivateLeavers: `update recipients r set active = false
    where r.active and r.origin is not null
      and not exists (select 1 from subscriptions s where s.recipient_id = r.id and s.active)
      and exists (select 1 from subscriptions s where s.recipient_id = r.id and s.origin = $1)`,
  putList: `insert into lists (origin, read_at, rows, mistakes) values ($1, $2, $3, $4)
    on conflict (origin) do update set read_at = excluded.read_at, rows = excluded.rows, mistakes = excluded.mistakes`,
};

const toRecipient = (row: Row): Recipient => ({
  id: text(row, "id"),
  key: text(row, "key"),
  kind: as<Recipient["kind"]>(row, "kind"),
  name: text(row, "name"),
  email: text(row, "email"),
  alternateEmails: texts(row, "alternate_emails"),
  locale: textOrNull(row, "locale"),
  zone: textOrNull(row, "zone"),
  calendar: textOrNull(row, "calendar"),
  attributes: attributes(row, "attributes"),
  active: as<boolean>(row, "active"),
  validFrom: textOrNull(row, "valid_from"),
  validUntil: textOrNull(row, "valid_until"),
  pausedUntil: textOrNull(row, "paused_until"),
  origin: textOrNull(row, "origin"),
});

const toSubscription = (row: Row): Subscription => ({
  id: text(row, "id"),
  report: text(row, "report"),
  label: text(row, "label"),
  recipientId: textOrNull(row, "recipient_id"),
  groupId: textOrNull(row, "group_id"),
  filters: as<Filters | null>(row, "filters"),
  attributes: attributes(row, "attributes"),
  split: as<Split | null>(row, "split"),
  formats: row["formats"] === null ? null : (texts(row, "formats") as readonly Format[]),
  at: textOrNull(row, "at"),
  start: textOrNull(row, "start"),
  end: textOrNull(row, "end"),
  active: as<boolean>(row, "active"),
  origin: textOrNull(row, "origin"),
  place: textOrNull(row, "place"),
});

const toGroup = (row: Row): Group => ({
  id: text(row, "id"),
  key: text(row, "key"),
  name: text(row, "name"),
  memberIds: as<unknown[]>(row, "members").map(String),
  rule: rule(row, "rule"),
});

const toCopy = (row: Row): Copy => ({
  id: text(row, "id"),
  recipientId: text(row, "recipient_id"),
  report: textOrNull(row, "report"),
  kind: as<Copy["kind"]>(row, "kind"),
  email: text(row, "email"),
  from: textOrNull(row, "from"),
  until: textOrNull(row, "until"),
});

const toSuppression = (row: Row): Suppression => ({
  email: text(row, "email"),
  reason: text(row, "reason"),
  since: instant(row, "since"),
});

/** Every recipient, by name. */
export const allRecipients = (db: Db): Promise<Recipient[]> =>
  many(db, { text: statements.recipients, values: [], map: toRecipient });

/** A recipient by key or, failing that, by address. */
export const recipientByKey = (db: Db, key: string): Promise<Recipient | null> =>
  one(db, { text: statements.recipientByKey, values: [key], map: toRecipient });

/** The people of some reports, read one after the other on one connection. */
export const peopleOf = async (db: Db, reports: readonly string[]): Promise<People> => ({
  recipients: await allRecipients(db),
  groups: await many(db, { text: statements.groups, values: [], map: toGroup }),
  subscriptions: await many(db, { text: statements.subscriptions, values: [reports], map: toSubscription }),
  copies: await many(db, { text: statements.copies, values: [], map: toCopy }),
  suppressions: await allSuppressions(db),
});

/** So many people are in memory at a time. */
const peopleAtOnce = 250;

/**
 * The people of some reports, some at a time: each recipient once, with all that decides about them, so that what is planned for each part
 * is together what is planned for all. A hundred thousand in one piece would take more memory than everything else.
 */
export async function* peopleInParts(db: Db, reports: readonly string[]): AsyncGenerator<People, void, undefined> {
  const groups = await many(db, { text: statements.groups, values: [], map: toGroup });
  const ofGroups = await many(db, { text: statements.subscriptionsOfGroups, values: [reports], map: toSubscription });
  for (let last: string | undefined = "0"; last !== undefined; ) {
    // Where a group has a subscription, whoever its rule may fit is asked for, too.
    const values: unknown[] = [last, reports, peopleAtOnce, ofGroups.length > 0];
    const recipients: readonly Recipient[] = await many(db, {
      text: statements.recipientsAfter,
      values,
      map: toRecipient,
    });
    if (recipients.length > 0) yield await partOf(db, { reports, recipients, groups, ofGroups });
    last = recipients.length < peopleAtOnce ? undefined : recipients.at(-1)?.id;
  }
}

interface Part extends Pick<People, "recipients" | "groups"> {
  readonly reports: readonly string[];
  readonly ofGroups: readonly Subscription[];
}

const partOf = async (db: Db, { reports, recipients, groups, ofGroups }: Part): Promise<People> => {
  const ids = recipients.map(({ id }) => id);
  const own = { text: statements.subscriptionsOfMany, values: [reports, ids], map: toSubscription };
  const copies = await many(db, { text: statements.copiesOfMany, values: [ids], map: toCopy });
  return {
    recipients,
    groups,
    subscriptions: [...ofGroups, ...(await many(db, own))],
    copies,
    suppressions: await suppressionsOf(db, recipients, copies),
  };
};

/** The suppressions of these people's own addresses and of those of their copies. */
const suppressionsOf = (
  db: Db,
  recipients: readonly Recipient[],
  copies: readonly Copy[],
): Promise<readonly Suppression[]> => {
  const own = recipients.flatMap((one) => [one.email, ...one.alternateEmails]);
  const addresses = [...own, ...copies.map((copy) => copy.email)].map((address) => address.toLowerCase());
  const values = [[...new Set(addresses)]];
  return many(db, { text: statements.suppressionsOf, values, map: toSuppression });
};

/** What decides about one recipient's deliveries now: the same as `peopleOf`, for one. */
export const peopleAround = async (db: Db, reports: readonly string[], recipientId: string): Promise<People> => {
  const recipients = await many(db, { text: statements.recipientById, values: [recipientId], map: toRecipient });
  const copies = await many(db, { text: statements.copiesOf, values: [recipientId], map: toCopy });
  return {
    recipients,
    copies,
    groups: await many(db, { text: statements.groups, values: [], map: toGroup }),
    subscriptions: await many(db, {
      text: statements.subscriptionsFor,
      values: [reports, recipientId],
      map: toSubscription,
    }),
    suppressions: await suppressionsOf(db, recipients, copies),
  };
};

/** Every suppressed address. */
export const allSuppressions = (db: Db): Promise<Suppression[]> =>
  many(db, { text: statements.suppressions, values: [], map: toSuppression });

/** The subscriptions that a list brought, with their recipient's key. */
export const subscriptionsOfOrigin = (db: Db, origin: string): Promise<(Subscription & { readonly key: string })[]> =>
  many(db, {
    text: statements.subscriptionsOfOrigin,
    values: [origin],
    map: (row) => ({ ...toSubscription(row), key: text(row, "key") }),
  });

/**
 * Writes a recipient by key; its id. A list never clears what an operator set and the list doesn't name, and it brings back only who
 * was deactivated for having left every list: whom an operator deactivated stays so.
 */
export const putRecipient = async (
  db: Db,
  who: Pick<Recipient, "key" | "kind" | "name" | "email" | "locale" | "zone" | "calendar" | "origin">,
): Promise<string> => {
  const { key, kind, name, email, locale, zone, calendar, origin } = who;
  const values = [key, kind, name, email, locale, zone, calendar, origin];
  return (await one(db, { text: statements.putRecipient, values, map: (row) => text(row, "id") })) ?? "";
};

/** Writes a recipient's subscription by (report, recipient, label). */
export const putSubscription = async (
  db: Db,
  subscription: Pick<
    Subscription,
    "report" | "recipientId" | "label" | "filters" | "attributes" | "formats" | "origin" | "place"
  >,
): Promise<void> => {
  const { report, recipientId, label, filters, attributes, formats, origin, place } = subscription;
  const asked = filters === null ? null : json(filters);
  await db.query(statements.putSubscription, [
    report,
    recipientId,
    label,
    asked,
    json(attributes),
    formats,
    origin,
    place,
  ]);
};

/** Ends the subscriptions that left a list, and deactivates who has none left. */
export const leaveList = async (db: Db, origin: string, subscriptionIds: readonly string[]): Promise<number> => {
  await db.query(statements.leaveList, [subscriptionIds]);
  return changed(db, statements.deactivateLeavers, [origin]);
};

/** Records a reading of a list. */
export const putList = async (
  db: Db,
  list: {
    readonly origin: string;
    readonly readAt: Temporal.Instant;
    readonly rows: number;
    readonly mistakes: readonly string[];
  },
): Promise<void> => {
  await db.query(statements.putList, [list.origin, at(list.readAt), list.rows, json(list.mistakes)]);
};

/** What an operator's own file changes: recipients with their attributes, and whom the file no longer names. */
import type { Attributes, Recipient } from "#model/people.ts";
import { changed, type Db, json, one, text } from "#store/db.ts";

/** Every statement about imports by hand; a test prepares each. */
export const statements = {
  put: `insert into recipients (key, kind, name, email, locale, zone, calendar, attributes, origin)
    values ($1, $2, $3, $4, $5, $6, $7, coalesce($8::jsonb, '{}'), $9)
    on conflict (key) do update set kind = excluded.kind, name = coalesce(nullif(excluded.name, ''), recipients.name),
      email = excluded.email, locale = coalesce(excluded.locale, recipients.locale),
      zone = coalesce(excluded.zone, recipients.zone), calendar = coalesce(excluded.calendar, recipients.calendar),
      attributes = coalesce($8::jsonb, recipients.attributes), active = true
    returning id`,
  deactivate: "update recipients set active = false where id = any($1::bigint[]) and active",
};

/** A person as a file names them; `attributes` is `null` where the file's columns belong to a subscription. */
export type ImportedRecipient = Pick<
  Recipient,
  "key" | "kind" | "name" | "email" | "locale" | "zone" | "calendar" | "origin"
> & {
  readonly attributes: Attributes | null;
};

/** Writes a recipient by key and makes them active; the id. Who was there before keeps the origin that they have. */
export const importRecipient = async (db: Db, who: ImportedRecipient): Promise<string> => {
  const { key, kind, name, email, locale, zone, calendar, attributes, origin } = who;
  const values = [
    key,
    kind,
    name,
    email,
    locale,
    zone,
    calendar,
    attributes === null ? null : json(attributes),
    origin,
  ];
  return (await one(db, { text: statements.put, values, map: (row) => text(row, "id") })) ?? "";
};

/** Makes recipients inactive; how many were active. */
export const deactivateRecipients = (db: Db, ids: readonly string[]): Promise<number> =>
  changed(db, statements.deactivate, [ids]);

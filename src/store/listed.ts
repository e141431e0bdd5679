/** Writes down a list's people with their subscriptions, many rows with one statement; two lists with the same people wait for each other in the order of the keys. */
import type { Recipient, Subscription } from "#model/people.ts";
import { type Db, json } from "#store/db.ts";

/** Every statement that writes a list's people; a test prepares each. */
export const statements = {
  put: `with listed as (
      select * from jsonb_to_recordset($1::jsonb) as x (key text, kind text, name text, email text, locale text, zone text,
        calendar text, filters jsonb, attributes jsonb, formats text[], place text)),
    people as (
      insert into recipients (key, kind, name, email, locale, zone, calendar, origin)
      select key, kind, name, email, locale, zone, calendar, $2 from listed order by key
      on conflict (key) do update set kind = excluded.kind, name = excluded.name, email = excluded.email,
        locale = coalesce(excluded.locale, recipients.locale), zone = coalesce(excluded.zone, recipients.zone),
        calendar = coalesce(excluded.calendar, recipients.calendar),
        active = recipients.active or (recipients.origin is not null
          and not exists (select 1 from subscriptions s where s.recipient_id = recipients.id and s.active))
      returning id, key)
    insert into subscriptions (report, recipient_id, label, filters, attributes, formats, origin, place)
    select $3, people.id, '', listed.filters, listed.attributes, listed.formats, $2, listed.place from listed join people using (key)
    on conflict (report, recipient_id, label) where recipient_id is not null
    do update set filters = excluded.filters, attributes = excluded.attributes, formats = excluded.formats,
      origin = excluded.origin, place = excluded.place, active = true`,
};

/** Somebody as a list names them. */
export type ListedPerson = Pick<Recipient, "key" | "kind" | "name" | "email" | "locale" | "zone" | "calendar"> &
  Pick<Subscription, "filters" | "attributes" | "formats" | "place">;

/** A list's people; each key stands there once. */
export interface ListedPeople {
  readonly origin: string;
  readonly report: string;
  readonly rows: readonly ListedPerson[];
}

/** Most rows of one statement. */
const atOnce = 1_000;

/**
 * Writes people by key and their subscriptions to the list's report. A list never clears what an operator set and the list doesn't name, and
 * it brings back only who was deactivated for having left every list: whom an operator deactivated stays so.
 */
export const putListed = async (db: Db, { origin, report, rows }: ListedPeople): Promise<void> => {
  for (let from = 0; from < rows.length; from += atOnce) {
    const batch = rows
      .slice(from, from + atOnce)
      .map(({ key, kind, name, email, locale, zone, calendar, filters, attributes, formats, place }) => ({
        ...{ key, kind, name, email, locale, zone, calendar },
        ...{ filters, attributes, formats, place },
      }));
    await db.query(statements.put, [json(batch), origin, report]);
  }
};

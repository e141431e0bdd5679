/** Everything that is known of one person, and how it is forgotten. Each function is one statement; the order is the action's. */
import type { Temporal } from "#model/time.ts";
import { at, changed, type Db, json, many, one, type Row, text } from "#store/db.ts";
import { erasedAddress } from "#store/erased.ts";
import { openStates } from "#store/retention.ts";

/** A column's text with the person's words taken out of it. `$1` is the pattern. */
const without = (column: string): string => `regexp_replace(${column}::text, $1, 'erased', 'gi')`;

/** Every statement about forgetting a person; a test prepares each. */
export const statements = {
  lock: "select id from recipients where id = $1 for update",
  words: `select email as word from recipients where id = $1 union select unnest(alternate_emails) from recipients where id = $1
    union select a.image ->> 'email' from (select before as image from audit where "table" = 'recipients' and row_id = $1::text
      union all select after from audit where "table" = 'recipients' and row_id = $1::text) a
    union select envelope ->> 'to' from deliveries where recipient_id = $1 and jsonb_typeof(envelope -> 'toName') = 'string'`,
  sending: "select count(*) as n from deliveries where recipient_id = $1 and state = 'sending'",
  origins: `select distinct origin from (select origin from subscriptions where recipient_id = $1
    union select origin from recipients where id = $1) o where origin like 'list:%' order by origin`,
  end: `update deliveries set state = 'discarded', reason = 'the recipient was erased', finished_at = $2, owner = null, deadline = null
    where recipient_id = $1 and state in ('planned', 'drawn', 'proven', 'quarantined', 'composed', 'uncertain')`,
  // A picture that is drawn for nobody else is refused when it arrives.
  fence: `update renders r set state = 'faulted', reason = 'the recipient was erased', owner = null, lease_until = null
    where r.state = 'drawing' and r.id in (select p.render_id from delivery_parts p join deliveries d on d.id = p.delivery_id where d.recipient_id = $1)
      and not exists (select 1 from delivery_parts p join deliveries d on d.id = p.delivery_id
        where p.render_id = r.id and d.recipient_id <> $1 and d.state in ${openStates})`,
  renders: `select r.id, exists (select 1 from delivery_parts p join deliveries d on d.id = p.delivery_id
        where p.render_id = r.id and d.recipient_id <> $1 and d.state in ${openStates}) as is_needed
    from renders r where r.id in (select p.render_id from delivery_parts p join deliveries d on d.id = p.delivery_id where d.recipient_id = $1)
    order by r.id for update of r`,
  artifactPaths: "select path from artifacts where render_id = any($1::bigint[]) and removed_at is null",
  renderWords: `update renders r set request = ${without("r.request")}::jsonb, evidence = ${without("r.evidence")}::jsonb, reason = ${without("r.reason")}
    where r.id in (select p.render_id from delivery_parts p join deliveries d on d.id = p.delivery_id where d.recipient_id = $2)
      and not exists (select 1 from delivery_parts p join deliveries d on d.id = p.delivery_id
        where p.render_id = r.id and d.recipient_id <> $2 and d.state in ${openStates})`,
  messagePaths: `select m.path from messages m join deliveries d on d.id = m.delivery_id where d.recipient_id = $1 and m.removed_at is null`,
  messages: `update messages m set removed_at = coalesce(m.removed_at, $2), recipients = '{}', subject = ''
    from deliveries d where d.id = m.delivery_id and d.recipient_id = $1`,
  deliveries: `update deliveries set recipient_name = 'erased', envelope = '{"to": "", "toName": null, "cc": [], "bcc": []}',
      label = case when label = '' then '' else 'erased ' || id end, filters = ${without("filters")}::jsonb,
      filters_key = ${without("filters_key")}, reason = ${without("reason")}, receipt = ${without("receipt")}::jsonb,
      notes = '[]', correction = ${without("correction")}::jsonb where recipient_id = $2`,
  parts: `update delivery_parts p set filters = ${without("p.filters")}::jsonb, heading = ${without("p.heading")}
    from deliveries d where d.id = p.delivery_id and d.recipient_id = $2`,
  proofs: `update proofs p set evidence = ${without("p.evidence")}::jsonb
    from deliveries d where d.id = p.delivery_id and d.recipient_id = $2`,
  attempts: `update attempts a set words = ${without("a.words")}
    from deliveries d where d.id = a.delivery_id and d.recipient_id = $2`,
  // They hold addresses and the words of other people's servers; what followed from them stands with the delivery.
  events: "delete from mail_events e using deliveries d where d.id = e.delivery_id and d.recipient_id = $1",
  subscriptions: "delete from subscriptions where recipient_id = $1",
  groups: "delete from group_members where recipient_id = $1",
  copies: "delete from copies where recipient_id = $1 or lower(email) = any($2::text[])",
  others: `update deliveries set envelope = ${without("envelope")}::jsonb,
      receipt = regexp_replace(receipt::text, case when envelope::text ~* $1 then $3 else $1 end, 'erased', 'gi')::jsonb, reason = ${without("reason")}
    where recipient_id <> $2 and (envelope::text ~* $1 or receipt::text ~* $1 or reason ~* $1)`,
  otherMessages: `update messages m set recipients = ${without("m.recipients")}::text[]
    from deliveries d where d.id = m.delivery_id and d.recipient_id <> $2 and m.recipients::text ~* $1`,
  otherAttempts: `update attempts set words = ${without("words")} where words ~* $1`,
  otherEvents: "delete from mail_events where lower(email) = any($1::text[])",
  alerts: `update alerts set subject = ${without("subject")}, lines = ${without("lines")}::jsonb, recipient = ${without("recipient")}
    where subject ~* $1 or lines::text ~* $1 or recipient ~* $1`,
  tellings: `update alert_tellings set words = ${without("words")} where words ~* $1`,
  lists: `update lists set mistakes = ${without("mistakes")}::jsonb where mistakes::text ~* $1`,
  slots: `update slots set reason = ${without("reason")} where reason ~* $1`,
  suppressions: `insert into suppressions (email, reason, since)
      select ${erasedAddress("s.email")}, 'stopped before the address was erased', s.since from suppressions s where s.email = any($1::text[])
    on conflict (email) do nothing`,
  dropSuppressions: "delete from suppressions where email = any($1::text[])",
  recipient: `update recipients set key = 'erased-' || id, name = 'erased', email = '', alternate_emails = '{}', attributes = '{}', locale = null,
      zone = null, calendar = null, valid_from = null, valid_until = null, paused_until = null, origin = null, active = false where id = $1`,
  audit: `update audit set before = null, after = null, row_id = case when "table" = 'suppressions' then 'erased' else row_id end
    where (before is not null or after is not null) and (
      ("table" = 'recipients' and row_id = $1::text)
      or ("table" in ('subscriptions', 'copies', 'group_members') and coalesce(after, before) ->> 'recipient_id' = $1::text)
      or ("table" = 'suppressions' and row_id = any($2::text[]))
      or ("table" = 'copies' and (lower(before ->> 'email') = any($2::text[]) or lower(after ->> 'email') = any($2::text[]))))`,
  auditWords: `update audit set before = ${without("before")}::jsonb, after = ${without("after")}::jsonb
    where before::text ~* $1 or after::text ~* $1`,
  messageIds: `select d.id, m.message_id from deliveries d join messages m on m.delivery_id = d.id where d.recipient_id = $1 order by d.id`,
};

/** A render of the person's emails; `isNeeded`: somebody else's email waits for it. */
export interface SharedRender {
  readonly id: string;
  readonly isNeeded: boolean;
}

/** Locks the person's row, so that two who erase at once take turns; false: it is gone. */
export const lockPerson = async (db: Db, id: string): Promise<boolean> =>
  (await one(db, { text: statements.lock, values: [id], map: () => true })) ?? false;

/** Every address that the person has or had here. */
export const addressesOf = async (db: Db, id: string): Promise<readonly string[]> => {
  const found = await many(db, { text: statements.words, values: [id], map: (row) => text(row, "word") });
  return found.filter((word) => word !== "" && word !== "null");
};

/** How many of the person's emails are on the wire. */
export const countSending = async (db: Db, id: string): Promise<number> =>
  (await one(db, { text: statements.sending, values: [id], map: (row) => Number(row["n"]) })) ?? 0;

/** The reports whose lists name the person. */
export const listsNaming = async (db: Db, id: string): Promise<readonly string[]> => {
  const origins = await many(db, { text: statements.origins, values: [id], map: (row) => text(row, "origin") });
  return origins.map((origin) => origin.slice("list:".length));
};

/** Ends what is on its way to the person, and what nobody knows of; how many. */
export const endDeliveriesTo = (db: Db, id: string, now: Temporal.Instant): Promise<number> =>
  changed(db, statements.end, [id, at(now)]);

/** The renders of the person's emails, locked; those that are being drawn for nobody else are given up. */
export const rendersOf = async (db: Db, id: string): Promise<readonly SharedRender[]> => {
  await db.query(statements.fence, [id]);
  const map = (row: Row) => ({ id: text(row, "id"), isNeeded: row["is_needed"] === true });
  return many(db, { text: statements.renders, values: [id], map });
};

/** Where the bytes of some renders lie. */
export const artifactPaths = (db: Db, renderIds: readonly string[]): Promise<string[]> =>
  many(db, { text: statements.artifactPaths, values: [renderIds], map: (row) => text(row, "path") });

/** Forgets what the person's emails said; where their bytes lie. */
export const forgetMessages = async (db: Db, id: string, now: Temporal.Instant): Promise<readonly string[]> => {
  const paths = await many(db, { text: statements.messagePaths, values: [id], map: (row) => text(row, "path") });
  await db.query(statements.messages, [id, at(now)]);
  return paths;
};

/** An email that was written for somebody, by what names it wherever it was put. */
export interface WrittenEmail {
  readonly deliveryId: string;
  readonly messageId: string;
}

/** The emails that were written for the person. */
export const emailsOf = (db: Db, id: string): Promise<WrittenEmail[]> =>
  many(db, {
    text: statements.messageIds,
    values: [id],
    map: (row) => ({ deliveryId: text(row, "id"), messageId: text(row, "message_id") }),
  });

/** Whom to forget; `addresses` are in lower case. */
export interface Forgotten {
  readonly id: string;
  /** Finds the person's addresses and name in texts. */
  readonly pattern: string;
  /** The same for texts about their own emails, where a longer address that ends like theirs can only be theirs. */
  readonly ownPattern: string;
  readonly addresses: readonly string[];
}

/** Takes the person out of the records of their own emails; how many emails. Dates, hashes, verdicts and outcomes stay. */
export const forgetDeliveries = async (db: Db, { id, ownPattern }: Forgotten): Promise<number> => {
  for (const name of ["renderWords", "parts", "proofs", "attempts"] as const) {
    await db.query(statements[name], [ownPattern, id]);
  }
  await db.query(statements.events, [id]);
  return changed(db, statements.deliveries, [ownPattern, id]);
};

/** Drops what the person was to get: subscriptions, places in groups, and copies for them or by them; how many. */
export const dropSubscriptions = async (db: Db, { id, addresses }: Forgotten): Promise<number> => {
  const subscriptions = await changed(db, statements.subscriptions, [id]);
  const groups = await changed(db, statements.groups, [id]);
  return subscriptions + groups + (await changed(db, statements.copies, [id, addresses]));
};

/** Takes the person out of the records of other people's emails; how many such emails went to the person as a copy. */
export const forgetCopies = async (db: Db, { id, pattern, ownPattern }: Forgotten): Promise<number> => {
  await db.query(statements.others, [pattern, id, ownPattern]);
  return changed(db, statements.otherMessages, [pattern, id]);
};

/** Takes the person out of everything else that speaks of them: tries, alerts, lists, slots, what mail servers told; how many rows. */
export const forgetElsewhere = async (db: Db, { pattern, addresses }: Forgotten): Promise<number> => {
  let rows = 0;
  for (const name of ["otherAttempts", "alerts", "tellings", "lists", "slots"] as const) {
    rows += await changed(db, statements[name], [pattern]);
  }
  return rows + (await changed(db, statements.otherEvents, [addresses]));
};

/** Puts a salted hash in the place of suppressed addresses; how many. */
export const hashSuppressions = async (db: Db, { addresses }: Forgotten): Promise<number> => {
  await db.query(statements.suppressions, [addresses]);
  return changed(db, statements.dropSuppressions, [addresses]);
};

/** Leaves an empty row of the person, which their deliveries name. */
export const forgetRecipient = async (db: Db, id: string): Promise<void> => {
  await db.query(statements.recipient, [id]);
};

/** Takes the person's values out of the records of changes, those of this erasing included; how many rows. */
export const forgetAudit = async (db: Db, { id, pattern, addresses }: Forgotten): Promise<number> => {
  const own = await changed(db, statements.audit, [id, addresses]);
  return own + (await changed(db, statements.auditWords, [pattern]));
};

/** Patterns that find these words in any text, as they stand there and as JSON writes them. */
export const patternsOf = (words: readonly string[]): Pick<Forgotten, "pattern" | "ownPattern"> => {
  const all = words.flatMap((word) => [word, json(word).slice(1, -1)]);
  const longestFirst = [...new Set(all)].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((word) => word.replaceAll(/[^\p{L}\p{N}]/gu, "\\$&"));
  const ownPattern = `(${escaped.join("|")})(?![[:alnum:]-]|\\.[[:alnum:]])`;
  // In JSON the letter before may belong to a line break.
  return { ownPattern, pattern: `(?:(?<![[:alnum:]._+-])|(?<=\\\\[nrt]))${ownPattern}` };
};

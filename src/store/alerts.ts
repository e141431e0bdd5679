import type { Temporal } from "#model/time.ts";
import {
  as,
  at,
  changed,
  type Db,
  instant,
  instantOrNull,
  json,
  many,
  number,
  one,
  type Row,
  text,
  textOrNull,
} from "#store/db.ts";

/** Every statement about alerts; a test prepares each. */
export const statements = {
  open: `insert into alerts (key, severity, subject, lines, recipient, opened_at) values ($1, $2, $3, $4, $5, $6)
    on conflict (key) where recovered_at is null do nothing returning id`,
  update: `update alerts set subject = $2, lines = $3 where key = $1 and recovered_at is null and (subject <> $2 or lines <> $3::jsonb)`,
  recover: "update alerts set recovered_at = $2 where key = $1 and recovered_at is null returning id",
  openKeys: "select key from alerts where recovered_at is null order by id",
  unsettled: `select a.*, coalesce((select jsonb_agg(jsonb_build_object('channel', t.channel, 'kind', t.kind, 'tries', t.tries,
      'isTold', t.told_at is not null, 'isDue', t.not_before <= $1, 'words', t.words)) from alert_tellings t where t.alert_id = a.id), '[]') as tellings
    from alerts a where a.settled_at is null order by a.id limit 1000`,
  // An offering counts as failed until it was taken: who dies in the middle of it leaves it to the next one.
  claim: `insert into alert_tellings (alert_id, kind, channel, not_before) values ($1, $2, $3, $5)
    on conflict (alert_id, kind, channel) do update set tries = alert_tellings.tries + 1, not_before = $5
      where alert_tellings.told_at is null and alert_tellings.not_before <= $4
    returning tries`,
  told: "update alert_tellings set told_at = $4, words = null where alert_id = $1 and kind = $2 and channel = $3",
  refused: `update alert_tellings set not_before = $4, words = $5
    where alert_id = $1 and kind = $2 and channel = $3 and told_at is null`,
  settle: "update alerts set settled_at = $2 where id = $1 and recovered_at is not null and settled_at is null",
  recent: `select a.*, coalesce((select jsonb_agg(jsonb_build_object('channel', t.channel, 'kind', t.kind, 'tries', t.tries,
      'isTold', t.told_at is not null, 'isDue', false, 'words', t.words)) from alert_tellings t where t.alert_id = a.id), '[]') as tellings
    from alerts a order by a.recovered_at is not null, a.id desc limit $1`,
};

/** What one channel was offered of an alert: that it opened, or that it has recovered. */
export interface Telling {
  readonly channel: string;
  readonly kind: "opened" | "recovered";
  readonly tries: number;
  readonly isTold: boolean;
  /** It may be offered again by now. */
  readonly isDue: boolean;
  /** Why the last try failed; `null` without one. */
  readonly words: string | null;
}

/** An alert with what its channels were told. */
export interface AlertRow {
  readonly id: string;
  readonly key: string;
  readonly severity: "warning" | "critical";
  readonly subject: string;
  readonly lines: readonly string[];
  readonly recipient: string | null;
  readonly openedAt: Temporal.Instant;
  readonly recoveredAt: Temporal.Instant | null;
  readonly tellings: readonly Telling[];
}

const toAlert = (row: Row): AlertRow => ({
  id: text(row, "id"),
  key: text(row, "key"),
  severity: as<AlertRow["severity"]>(row, "severity"),
  subject: text(row, "subject"),
  lines: as<string[]>(row, "lines"),
  recipient: textOrNull(row, "recipient"),
  openedAt: instant(row, "opened_at"),
  recoveredAt: instantOrNull(row, "recovered_at"),
  tellings: as<Telling[]>(row, "tellings"),
});

/** Opens an alert; false when the same trouble is open already, so that it is told once. */
export const openAlert = async (
  db: Db,
  alert: {
    readonly key: string;
    readonly severity: string;
    readonly subject: string;
    readonly lines: readonly string[];
    readonly to: string | null;
    readonly now: Temporal.Instant;
  },
): Promise<boolean> => {
  const values = [alert.key, alert.severity, alert.subject, json(alert.lines), alert.to, at(alert.now)];
  return (await one(db, { text: statements.open, values, map: (row) => text(row, "id") })) !== null;
};

/** Keeps what is known of an open alert by now, without telling it anew. */
export const updateAlert = async (
  db: Db,
  alert: { readonly key: string; readonly subject: string; readonly lines: readonly string[] },
): Promise<void> => {
  await db.query(statements.update, [alert.key, alert.subject, json(alert.lines)]);
};

/** Closes an alert; false when none was open. */
export const recoverAlert = async (db: Db, key: string, now: Temporal.Instant): Promise<boolean> =>
  (await changed(db, statements.recover, [key, at(now)])) > 0;

/** The keys of all open alerts. */
export const openAlertKeys = (db: Db): Promise<string[]> =>
  many(db, { text: statements.openKeys, values: [], map: (row) => text(row, "key") });

/** Alerts of which something may have to be told yet. */
export const unsettledAlerts = (db: Db, now: Temporal.Instant): Promise<AlertRow[]> =>
  many(db, { text: statements.unsettled, values: [at(now)], map: toAlert });

/** The open alerts, then the newest of those that have recovered. */
export const recentAlerts = (db: Db, limit: number): Promise<AlertRow[]> =>
  many(db, { text: statements.recent, values: [limit], map: toAlert });

/** One thing that one channel has to tell. */
export interface Offer {
  readonly alertId: string;
  readonly kind: Telling["kind"];
  readonly channel: string;
}

/** Takes the right to tell until `until`; the number of the try, or `null` when somebody else has it or has told. */
export const claimTelling = (
  db: Db,
  { alertId, kind, channel }: Offer,
  { now, until }: { readonly now: Temporal.Instant; readonly until: Temporal.Instant },
): Promise<number | null> =>
  one(db, {
    text: statements.claim,
    values: [alertId, kind, channel, at(now), at(until)],
    map: (row) => number(row, "tries"),
  });

/** Records that a channel took it. */
export const markTellingTold = async (
  db: Db,
  { alertId, kind, channel }: Offer,
  now: Temporal.Instant,
): Promise<void> => {
  await db.query(statements.told, [alertId, kind, channel, at(now)]);
};

/** Records that a channel failed, with why, and when it is offered again. */
export const markTellingRefused = async (
  db: Db,
  { alertId, kind, channel }: Offer,
  { notBefore, words }: { readonly notBefore: Temporal.Instant; readonly words: string },
): Promise<void> => {
  await db.query(statements.refused, [alertId, kind, channel, at(notBefore), words.slice(0, 500)]);
};

/** Nothing of a recovered alert has to be told any more. */
export const settleAlert = async (db: Db, id: string, now: Temporal.Instant): Promise<void> => {
  await db.query(statements.settle, [id, at(now)]);
};

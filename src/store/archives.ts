import type { ArchiveState } from "#model/backup.ts";
import type { CataloguedArchive, Series } from "#model/backup-run.ts";
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

/** Every statement about archives; a test prepares each. */
export const statements = {
  // What was known of a key before, its pin above all, outlives a manifest that doesn't say it.
  put: `insert into archives as known (backup, place, key, date, made_at, state, reason, verified_at, last_seen_at, last_read_at,
      bytes, sha256, pin, locked_until, run_id, was)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, case when $6 = 'missing' then 'made' end)
    on conflict (place, key) do update set backup = excluded.backup, date = excluded.date, made_at = excluded.made_at,
      state = excluded.state, reason = excluded.reason, verified_at = excluded.verified_at, removed_at = null, removing = null, was = excluded.was,
      last_seen_at = coalesce(excluded.last_seen_at, known.last_seen_at),
      last_read_at = coalesce(excluded.last_read_at, known.last_read_at),
      bytes = excluded.bytes, sha256 = excluded.sha256, pin = coalesce(excluded.pin, known.pin),
      locked_until = coalesce(excluded.locked_until, known.locked_until), run_id = coalesce(excluded.run_id, known.run_id)
    returning id`,
  // Bytes that are what was made prove nothing of their size: a suspect archive stays suspect until somebody accepts it.
  verified: `update archives set state = case when state = 'suspect' then state else 'verified' end,
      reason = case when state = 'suspect' then reason end, verified_at = $2, last_read_at = $2, last_seen_at = $2
    where id = $1 and state in ('made', 'verified', 'suspect', 'broken')`,
  judged: `update archives set state = $2, reason = $3, was = case when $2 = 'missing' then state end,
      last_read_at = case when $2 = 'broken' then coalesce($4, now()) else last_read_at end
    where id = $1 and state not in ('removed', $2)`,
  removing: "update archives set removing = $2 where id = any($1::bigint[]) and state <> 'removed'",
  stays: "update archives set removing = null where id = any($1::bigint[])",
  seen: `update archives a set last_seen_at = $1, locked_until = seen.until,
      state = case when a.state = 'missing' then a.was else a.state end,
      was = null
    from (select (e ->> 'id')::bigint as id, (e ->> 'until')::timestamptz as until from jsonb_array_elements($2::jsonb) e) seen
    where a.id = seen.id and a.state <> 'removed'`,
  removed: `update archives set state = 'removed', reason = $2, removed_at = $3, pin = null, removing = null, was = null where id = $1 and state <> 'removed'`,
  accept: `update archives set state = case when verified_at is null then 'made' else 'verified' end, reason = $2
    where id = $1 and state = 'suspect'`,
  pin: "update archives set pin = $2 where id = $1 and state <> 'removed'",
  of: "select * from archives where backup = $1 and place = $2 and state <> 'removed' order by date desc, made_at desc, key desc",
  elsewhere: `select place, count(*) as n, sum(bytes) as bytes from archives
    where backup = $1 and place <> $2 and state <> 'removed' group by place order by place`,
  byKey: "select * from archives where place = $1 and key = $2",
  sizes: `select bytes from archives where backup = $1 and state = 'verified' and key <> $3
    order by date desc, made_at desc limit $2`,
};

const toArchive = (row: Row): CataloguedArchive => ({
  id: text(row, "id"),
  backup: text(row, "backup"),
  place: text(row, "place"),
  key: text(row, "key"),
  date: text(row, "date"),
  madeAt: instant(row, "made_at"),
  state: as<ArchiveState>(row, "state"),
  reason: textOrNull(row, "reason"),
  verifiedAt: instantOrNull(row, "verified_at"),
  lastSeenAt: instantOrNull(row, "last_seen_at"),
  lastReadAt: instantOrNull(row, "last_read_at"),
  removedAt: instantOrNull(row, "removed_at"),
  bytes: number(row, "bytes"),
  sha256: text(row, "sha256"),
  pin: textOrNull(row, "pin"),
  lockedUntil: instantOrNull(row, "locked_until"),
  removing: textOrNull(row, "removing"),
  runId: textOrNull(row, "run_id"),
});

/** What the catalogue is told of an archive. */
export type NewArchive = Omit<CataloguedArchive, "id" | "removedAt" | "removing">;

/** Brings an archive into the catalogue, or up to date there; its id. A pin that it already had stays. */
export const putArchive = async (db: Db, archive: NewArchive): Promise<string> => {
  const { backup, place, key, date, madeAt, state, reason, verifiedAt, lastSeenAt, lastReadAt } = archive;
  const values = [
    ...[backup, place, key, date, at(madeAt), state, reason, at(verifiedAt), at(lastSeenAt), at(lastReadAt)],
    ...[archive.bytes, archive.sha256, archive.pin, at(archive.lockedUntil), archive.runId],
  ];
  return (await one(db, { text: statements.put, values, map: (row) => text(row, "id") })) ?? "";
};

/** Records that an archive was read back whole and is what was made; false when it is removed or missing. A suspect one stays suspect. */
export const markVerified = async (db: Db, id: string, now: Temporal.Instant): Promise<boolean> =>
  (await changed(db, statements.verified, [id, at(now)])) > 0;

/** Records what was found about an archive, with why. False when it was known already, or is removed. */
export const judgeArchive = async (
  db: Db,
  id: string,
  found: {
    readonly state: "suspect" | "broken" | "missing";
    readonly reason: string;
    /** When it was found; the database's own clock without it. */
    readonly now?: Temporal.Instant;
  },
): Promise<boolean> =>
  (await changed(db, statements.judged, [id, found.state, found.reason, at(found.now ?? null)])) > 0;

/** Records that archives are there; one that was missing is back. */
export const markSeen = async (
  db: Db,
  seen: readonly { readonly id: string; readonly lockedUntil: Temporal.Instant | null }[],
  now: Temporal.Instant,
): Promise<void> => {
  const entries = seen.map(({ id, lockedUntil }) => ({ id, until: at(lockedUntil) }));
  await db.query(statements.seen, [at(now), json(entries)]);
};

/** Records that archives are about to be removed, with why, before the first byte is. */
export const markRemoving = (db: Db, ids: readonly string[], why: string): Promise<number> =>
  changed(db, statements.removing, [ids, why]);

/** Takes that back: they are there, and nothing removes them now. */
export const markStaying = (db: Db, ids: readonly string[]): Promise<number> => changed(db, statements.stays, [ids]);

/** Records that an archive's bytes are gone, with the reason; false when that was known. */
export const markRemoved = async (
  db: Db,
  id: string,
  { reason, now }: { readonly reason: string; readonly now: Temporal.Instant },
): Promise<boolean> => (await changed(db, statements.removed, [id, reason, at(now)])) > 0;

/** Lets a suspect archive count; false when it isn't suspect (any more). */
export const acceptArchive = async (db: Db, id: string, reason: string): Promise<boolean> =>
  (await changed(db, statements.accept, [id, reason])) > 0;

/** Pins an archive with why, or unpins it (`null`); false when it is removed. */
export const pinArchive = async (db: Db, id: string, pin: string | null): Promise<boolean> =>
  (await changed(db, statements.pin, [id, pin])) > 0;

/** The archives of a series that aren't removed, newest first. */
export const archivesOf = (db: Db, { backup, place }: Series): Promise<CataloguedArchive[]> =>
  many(db, { text: statements.of, values: [backup, place], map: toArchive });

/** Where else archives of a backup lie: it has moved to another place since. */
export const archivesElsewhere = (
  db: Db,
  { backup, place }: Series,
): Promise<{ readonly place: string; readonly count: number; readonly bytes: number }[]> =>
  many(db, {
    text: statements.elsewhere,
    values: [backup, place],
    map: (row) => ({ place: text(row, "place"), count: number(row, "n"), bytes: number(row, "bytes") }),
  });

/** The archive of a key at a place, removed ones too. */
export const archiveByKey = (db: Db, place: string, key: string): Promise<CataloguedArchive | null> =>
  one(db, { text: statements.byKey, values: [place, key], map: toArchive });

/** Sizes of a backup's newest verified archives, but for one key: what tells whether another one is too small. */
export const recentSizes = (
  db: Db,
  { backup, limit, but = "" }: { readonly backup: string; readonly limit: number; readonly but?: string },
): Promise<number[]> =>
  many(db, { text: statements.sizes, values: [backup, limit, but], map: (row) => number(row, "bytes") });

import type { BackupRun, RunSource, RunState } from "#model/backup-run.ts";
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

/** Every statement about runs of backups; a test prepares each. */
export const statements = {
  // A schedule that was edited is new: nothing is owed from before it was known.
  knownSince: `insert into backup_schedules as known (backup, act, schedule, zone, known_since) values ($1, $2, $3, $4, $5)
    on conflict (backup, act) do update set schedule = excluded.schedule, zone = excluded.zone,
      known_since = case when (known.schedule, known.zone) = (excluded.schedule, excluded.zone)
        then known.known_since else excluded.known_since end
    returning known_since`,
  put: `insert into backup_runs (backup, nominal, due, date, zone, asked_by, state, reason)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id`,
  lastNominal: "select max(nominal) as nominal from backup_runs where backup = $1 and asked_by is null",
  take: `update backup_runs set owner = $1, n = n + 1, lease_until = now() + $2 * interval '1 ms',
      started_at = coalesce(started_at, $3), not_before = null
    where id = (select id from backup_runs where backup = any($4::text[])
        and state in ('due', 'producing', 'uploading', 'verifying') and due <= $3
        and (not_before is null or not_before <= $3) and (lease_until is null or lease_until < now())
      order by due, id for update skip locked limit 1)
    returning *`,
  renew: `update backup_runs set lease_until = now() + $4 * interval '1 ms' where id = $1 and owner = $2 and n = $3`,
  move: `update backup_runs set state = $5, reason = coalesce($6, reason), words = coalesce($7, words),
      source = coalesce($8, source), place = coalesce($9, place), key = coalesce($10, key),
      produce_ms = coalesce($11, produce_ms), upload_ms = coalesce($12, upload_ms), verify_ms = coalesce($13, verify_ms),
      not_before = $14, finished_at = case when $5 in ('done', 'failed') then $15::timestamptz end,
      owner = case when $5 in ('producing', 'uploading', 'verifying') then owner end,
      lease_until = case when $5 in ('producing', 'uploading', 'verifying') then lease_until end
    where id = $1 and owner = $2 and n = $3 and state = $4`,
  beginUpload: `update backup_runs set place = $4, key = $5, upload_id = $6, part_bytes = $7 where id = $1 and owner = $2 and n = $3`,
  hurry: `update backup_runs set not_before = null where id = $1 and not_before is not null
    and state in ('due', 'producing', 'uploading', 'verifying') and (lease_until is null or lease_until < now())`,
  giveBack: "update backup_runs set owner = null, lease_until = null where owner = $1",
  byId: "select * from backup_runs where id = $1",
  recent: "select * from backup_runs where ($1::text is null or backup = $1) order by nominal desc, id desc limit $2",
  open: "select * from backup_runs where backup = $1 and state in ('due', 'producing', 'uploading', 'verifying')",
  done: "select * from backup_runs where backup = $1 and state = 'done' order by nominal desc, id desc limit $2",
  // A run that ended as failed can be taken up again; its upload is given up all the same once it is old.
  liveUploads: `select upload_id from backup_runs where upload_id is not null and place = $1
    and state in ('due', 'producing', 'uploading', 'verifying')`,
};

const numberOrNull = (row: Row, column: string): number | null =>
  row[column] === null || row[column] === undefined ? null : number(row, column);

const toRun = (row: Row): BackupRun => ({
  id: text(row, "id"),
  backup: text(row, "backup"),
  nominal: instant(row, "nominal"),
  due: instant(row, "due"),
  date: text(row, "date"),
  zone: text(row, "zone"),
  askedBy: textOrNull(row, "asked_by"),
  state: as<RunState>(row, "state"),
  reason: textOrNull(row, "reason"),
  notBefore: instantOrNull(row, "not_before"),
  n: number(row, "n"),
  owner: textOrNull(row, "owner"),
  startedAt: instantOrNull(row, "started_at"),
  finishedAt: instantOrNull(row, "finished_at"),
  produceMs: numberOrNull(row, "produce_ms"),
  uploadMs: numberOrNull(row, "upload_ms"),
  verifyMs: numberOrNull(row, "verify_ms"),
  words: textOrNull(row, "words"),
  source: as<RunSource | null>(row, "source"),
  place: textOrNull(row, "place"),
  key: textOrNull(row, "key"),
  uploadId: textOrNull(row, "upload_id"),
  partBytes: numberOrNull(row, "part_bytes"),
});

/** Since when a schedule has been known as it is now written; the first time it is asked for, that is `now`. */
export const scheduleKnownSince = async (
  db: Db,
  known: {
    readonly backup: string;
    readonly act: "backup" | "drill";
    readonly schedule: string;
    readonly zone: string;
    readonly now: Temporal.Instant;
  },
): Promise<Temporal.Instant> => {
  const values = [known.backup, known.act, known.schedule, known.zone, at(known.now)];
  return (
    (await one(db, { text: statements.knownSince, values, map: (row) => instant(row, "known_since") })) ?? known.now
  );
};

/** A run to be recorded: due, or skipped with its reason. */
export interface NewRun {
  readonly backup: string;
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant;
  readonly date: string;
  readonly zone: string;
  readonly askedBy: string | null;
  readonly skipped: string | null;
}

/** Records a run; its id, or `null` when its slot was recorded already or another run of the backup is open. */
export const putRun = (db: Db, run: NewRun): Promise<string | null> => {
  const state = run.skipped === null ? "due" : "skipped";
  const values = [run.backup, at(run.nominal), at(run.due), run.date, run.zone, run.askedBy, state, run.skipped];
  return one(db, { text: statements.put, values, map: (row) => text(row, "id") });
};

/** The newest occurrence of its schedule that was recorded for a backup, made or skipped. */
export const lastRunNominal = (db: Db, backup: string): Promise<Temporal.Instant | null> =>
  one(db, { text: statements.lastNominal, values: [backup], map: (row) => instantOrNull(row, "nominal") });

/** Lets a run that waits for its next try begin at once. */
export const hurryRun = (db: Db, id: string): Promise<number> => changed(db, statements.hurry, [id]);

/** Who takes a run, for how long, and of which backups: those whose command runs on this host. */
export interface TakeAsk {
  readonly owner: string;
  readonly leaseMs: number;
  readonly now: Temporal.Instant;
  readonly backups: readonly string[];
}

/** A run that this process has taken: `owner` and `n` are the fence of every later statement. */
export type TakenRun = BackupRun & { readonly owner: string };

/** Takes the oldest open run that is due and nobody holds, in whatever state its last owner left it. The lease runs by the database's clock. */
export const takeRun = async (db: Db, ask: TakeAsk): Promise<TakenRun | null> => {
  const values = [ask.owner, ask.leaseMs, at(ask.now), ask.backups];
  const run = await one(db, { text: statements.take, values, map: toRun });
  return run === null ? null : { ...run, owner: ask.owner };
};

/** Lengthens a lease; false when the run was taken by somebody else or has ended. */
export const renewRun = async (db: Db, run: TakenRun, leaseMs: number): Promise<boolean> =>
  (await changed(db, statements.renew, [run.id, run.owner, run.n, leaseMs])) > 0;

/** What changes with a move of a run; what isn't named stays as it was. */
export interface RunMove {
  readonly to: RunState;
  readonly now: Temporal.Instant;
  readonly reason?: string;
  readonly words?: string;
  readonly source?: RunSource;
  readonly place?: string;
  readonly key?: string;
  readonly produceMs?: number;
  readonly uploadMs?: number;
  readonly verifyMs?: number;
  /** With `due`: not taken again before this. */
  readonly notBefore?: Temporal.Instant;
}

/** Moves a run on while it is ours and where we left it; `null` when it isn't any more. `due`, `done` and `failed` give it out of our hands. */
export const moveRun = async (db: Db, run: TakenRun, move: RunMove): Promise<TakenRun | null> => {
  const values = [
    ...[run.id, run.owner, run.n, run.state, move.to, move.reason ?? null, move.words ?? null],
    ...[move.source === undefined ? null : json(move.source), move.place ?? null, move.key ?? null],
    ...[move.produceMs ?? null, move.uploadMs ?? null, move.verifyMs ?? null, at(move.notBefore ?? null), at(move.now)],
  ];
  if ((await changed(db, statements.move, values)) === 0) return null;
  const now = await runById(db, run.id);
  return now === null ? null : { ...now, owner: run.owner };
};

/** Records where a run's archive goes and under which upload, before its first part; false when the run was lost. */
export const beginRunUpload = async (
  db: Db,
  run: TakenRun,
  upload: {
    readonly place: string;
    readonly key: string;
    readonly uploadId: string | null;
    readonly partBytes: number | null;
  },
): Promise<boolean> => {
  const values = [run.id, run.owner, run.n, upload.place, upload.key, upload.uploadId, upload.partBytes];
  return (await changed(db, statements.beginUpload, values)) > 0;
};

/** Gives every run of this owner back at once: the process is stopping. Another one goes on where it stands. */
export const giveBackRuns = (db: Db, owner: string): Promise<number> => changed(db, statements.giveBack, [owner]);

/** A run by id. */
export const runById = (db: Db, id: string): Promise<BackupRun | null> =>
  one(db, { text: statements.byId, values: [id], map: toRun });

/** The newest runs, of one backup or of all (`null`). */
export const recentRuns = (db: Db, backup: string | null, limit: number): Promise<BackupRun[]> =>
  many(db, { text: statements.recent, values: [backup, limit], map: toRun });

/** The run of a backup that is due or under way. */
export const openRun = (db: Db, backup: string): Promise<BackupRun | null> =>
  one(db, { text: statements.open, values: [backup], map: toRun });

/** The newest runs that went well: what tells how long one normally takes. */
export const doneRuns = (db: Db, backup: string, limit: number): Promise<BackupRun[]> =>
  many(db, { text: statements.done, values: [backup, limit], map: toRun });

/** Uploads at a place that a run still needs. */
export const liveUploads = (db: Db, place: string): Promise<string[]> =>
  many(db, { text: statements.liveUploads, values: [place], map: (row) => text(row, "upload_id") });

import type { Drill } from "#model/backup-run.ts";
import type { Temporal } from "#model/time.ts";
import {
  as,
  at,
  changed,
  type Db,
  instant,
  instantOrNull,
  many,
  number,
  one,
  type Row,
  text,
  textOrNull,
} from "#store/db.ts";

/** Every statement about restore drills; a test prepares each. */
export const statements = {
  begin: `insert into drills (backup, archive_id, key, nominal, started_at) values ($1, $2, $3, $4, $5) returning id`,
  end: `update drills set finished_at = $2, outcome = $3, duration_ms = $4, bytes = $5, words = $6
    where id = $1 and finished_at is null`,
  recent: "select * from drills where ($1::text is null or backup = $1) order by id desc limit $2",
  lastNominal: "select max(nominal) as nominal from drills where backup = $1 and outcome is not null",
  lastPassed: "select * from drills where backup = $1 and outcome = 'passed' order by id desc limit 1",
};

const toDrill = (row: Row): Drill => ({
  id: text(row, "id"),
  backup: text(row, "backup"),
  key: text(row, "key"),
  nominal: instantOrNull(row, "nominal"),
  startedAt: instant(row, "started_at"),
  finishedAt: instantOrNull(row, "finished_at"),
  outcome: as<Drill["outcome"]>(row, "outcome"),
  durationMs: row["duration_ms"] === null ? null : number(row, "duration_ms"),
  bytes: row["bytes"] === null ? null : number(row, "bytes"),
  words: textOrNull(row, "words"),
});

/** Records a drill before its first byte is read; its id. */
export const beginDrill = async (
  db: Db,
  drill: {
    readonly backup: string;
    readonly archiveId: string | null;
    readonly key: string;
    readonly nominal: Temporal.Instant | null;
    readonly now: Temporal.Instant;
  },
): Promise<string> => {
  const values = [drill.backup, drill.archiveId, drill.key, at(drill.nominal), at(drill.now)];
  return (await one(db, { text: statements.begin, values, map: (row) => text(row, "id") })) ?? "";
};

/** Records how a drill ended; false when that was recorded already. A failed one needs words. */
export const endDrill = async (
  db: Db,
  id: string,
  end: {
    readonly outcome: "passed" | "failed";
    readonly durationMs: number;
    readonly bytes: number | null;
    readonly words: string | null;
    readonly now: Temporal.Instant;
  },
): Promise<boolean> =>
  (await changed(db, statements.end, [id, at(end.now), end.outcome, end.durationMs, end.bytes, end.words])) > 0;

/** The newest drills, of one backup or of all (`null`). */
export const recentDrills = (db: Db, backup: string | null, limit: number): Promise<Drill[]> =>
  many(db, { text: statements.recent, values: [backup, limit], map: toDrill });

/** The newest occurrence of its schedule for which a drill was brought to an end, well or not. */
export const lastDrillNominal = (db: Db, backup: string): Promise<Temporal.Instant | null> =>
  one(db, { text: statements.lastNominal, values: [backup], map: (row) => instantOrNull(row, "nominal") });

/** The newest drill of a backup that went well. */
export const lastPassedDrill = (db: Db, backup: string): Promise<Drill | null> =>
  one(db, { text: statements.lastPassed, values: [backup], map: toDrill });

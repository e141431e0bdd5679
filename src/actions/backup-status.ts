/** How a backup stands, from rows alone: it can be told while the bucket is away. */
import { type ListedArchive, withVerdicts } from "#actions/backup-list.ts";
import { owedDate, owedSince } from "#backup/due.ts";
import { isLate } from "#backup/plan/checks.ts";
import { keyReader, placeInWords, prefixOfKeys, seriesOf } from "#backup/plan/keys.ts";
import { countsByRule, outlookOf } from "#backup/plan/outlook.ts";
import { retentionInWords } from "#backup/plan/policy.ts";
import type { KeepReason } from "#backup/plan/reasons.ts";
import type { Rotation } from "#backup/plan.ts";
import type { BackupParts } from "#backup/step.ts";
import type { Backup } from "#model/backup.ts";
import type { BackupRun, CataloguedArchive, Drill } from "#model/backup-run.ts";
import { msBetween, type Temporal } from "#model/time.ts";
import { recentAlerts } from "#store/alerts.ts";
import { archivesElsewhere, archivesOf } from "#store/archives.ts";
import { approvedPolicy } from "#store/backup-policies.ts";
import { openRun, recentRuns } from "#store/backup-runs.ts";
import { lastPassedDrill, recentDrills } from "#store/drills.ts";

/** A backup's archives with what rotation makes of them. */
export interface BackupArchives {
  readonly backup: Backup;
  /** Newest first. */
  readonly archives: readonly CataloguedArchive[];
  readonly outlook: Rotation;
}

/** The archives of a backup, and why each is kept. */
export const archivesWithReasons = async (backup: Backup, parts: BackupParts): Promise<BackupArchives> => {
  const series = seriesOf(backup);
  const archives = await archivesOf(parts.pool, series);
  const approved = (await approvedPolicy(parts.pool, series))?.retention ?? null;
  const owed = await owedDate(backup, parts);
  const read = keyReader(backup);
  const own = archives.filter(({ key }) => read(key)?.kind === "archive");
  const facts = { archives: own, retention: backup.retention, approved, now: parts.clock.now(), owed };
  return { backup, archives, outlook: outlookOf(facts) };
};

/** The archives of some backups as an operator reads them, newest first; those that rotation has no word about are of another name. */
export const listArchives = async (
  backups: readonly Backup[],
  parts: BackupParts,
): Promise<readonly ListedArchive[]> => {
  const all: ListedArchive[] = [];
  for (const backup of backups) {
    const { archives, outlook } = await archivesWithReasons(backup, parts);
    all.push(...withVerdicts(archives, outlook));
  }
  return all;
};

/** How a backup stands. */
export interface BackupStatus {
  readonly name: string;
  readonly schedule: string;
  readonly zone: string;
  /** Bucket and prefix. */
  readonly place: string;
  readonly host: string | null;
  readonly retention: string;
  readonly newest: CataloguedArchive | null;
  readonly newestAgeMs: number | null;
  /** The run that is due or under way. */
  readonly running: BackupRun | null;
  readonly lastRun: BackupRun | null;
  readonly lastDrill: Drill | null;
  /** How long the last restore that went well took, and of how many bytes. */
  readonly restore: {
    readonly durationMs: number;
    readonly bytes: number | null;
    readonly at: Temporal.Instant;
  } | null;
  readonly archives: number;
  readonly bytes: number;
  /** How many are kept by which rule; the counts add up. */
  readonly kept: Readonly<Partial<Record<KeepReason["rule"], number>>>;
  /** How many the next removal would take. */
  readonly going: number;
  /** Sentences about what is wrong, the worst first; empty when all is well. */
  readonly wrong: readonly string[];
}

/** Tells how a backup stands. */
export const statusOf = async (backup: Backup, parts: BackupParts): Promise<BackupStatus> => {
  const { pool, clock } = parts;
  const listed = await archivesWithReasons(backup, parts);
  const { archives, outlook } = listed;
  const newest = archives.find(({ state }) => state === "verified") ?? null;
  const [lastRun = null] = (await recentRuns(pool, backup.name, 20)).filter(
    ({ state }) => state === "done" || state === "failed",
  );
  const [lastDrill = null] = (await recentDrills(pool, backup.name, 5)).filter(({ outcome }) => outcome !== null);
  const passed = await lastPassedDrill(pool, backup.name);
  return {
    ...{
      name: backup.name,
      schedule: backup.schedule.at,
      zone: backup.zone,
      host: backup.host,
      newest,
      lastRun,
      lastDrill,
    },
    place: `${placeInWords(backup.place)}${prefixOfKeys(backup) === "" ? "" : `/${prefixOfKeys(backup).slice(0, -1)}`}`,
    retention: retentionInWords(backup.retention),
    newestAgeMs: newest === null ? null : msBetween(newest.madeAt, clock.now()),
    running: await openRun(pool, backup.name),
    restore: restoreOf(passed),
    archives: archives.length,
    bytes: archives.reduce((sum, { bytes }) => sum + bytes, 0),
    kept: Object.fromEntries(countsByRule(outlook)),
    going: outlook.remove.length,
    wrong: await wrongWith(listed, { lastRun, lastDrill, parts }),
  };
};

const restoreOf = (drill: Drill | null): BackupStatus["restore"] =>
  drill === null || drill.durationMs === null || drill.finishedAt === null
    ? null
    : { durationMs: drill.durationMs, bytes: drill.bytes, at: drill.finishedAt };

interface Around {
  readonly lastRun: BackupRun | null;
  readonly lastDrill: Drill | null;
  readonly parts: BackupParts;
}

const wrongWith = async (listed: BackupArchives, { lastRun, lastDrill, parts }: Around): Promise<readonly string[]> => {
  const { backup, archives, outlook } = listed;
  const due = await owedSince(backup, parts);
  const isOverdue = isLate({ due, archives, needsProof: backup.verify === "read-back" });
  const elsewhere = await archivesElsewhere(parts.pool, seriesOf(backup));
  const shorter = outlook.refusals.find(({ rail }) => rail === "policy-shorter");
  return [
    ...(isOverdue && due !== null
      ? [`There is no verified archive of ${due.toString({ smallestUnit: "minute" })} or later.`]
      : []),
    ...(lastRun?.state === "failed" ? [`The run of ${lastRun.date} failed: ${lastRun.reason ?? ""}`] : []),
    ...archives
      .filter(isTrouble)
      .slice(0, 10)
      .map(({ key, state, reason }) => `${key} is ${state}: ${reason ?? "nobody knows why"}`),
    ...(lastDrill?.outcome === "failed"
      ? [`The restore drill with ${lastDrill.key} failed: ${lastDrill.words ?? ""}`]
      : []),
    ...(shorter === undefined ? [] : [shorter.words]),
    ...(await otherTroubles(backup.name, parts)),
    ...elsewhere.map(
      ({ place, count }) =>
        `${count} archives lie at ${place}, where this backup no longer goes; nothing looks after them.`,
    ),
  ];
};

const isTrouble = ({ state }: CataloguedArchive): boolean =>
  state === "suspect" || state === "broken" || state === "missing";

/** Open alerts that aren't told by the rows above already. */
const otherTroubles = async (name: string, { pool }: BackupParts): Promise<readonly string[]> => {
  const own = `backup:${name}:`;
  const told = ["failed", "late", "suspect", "broken", "drill"];
  return (await recentAlerts(pool, 200))
    .filter(({ key, recoveredAt }) => recoveredAt === null && key.startsWith(own))
    .filter(({ key }) => !told.some((word) => key.slice(own.length).split(":")[0] === word))
    .map(({ subject, lines }) => [`${subject}.`, ...lines.slice(0, 2)].join(" "));
};

/** When backups and drills are due, and since when an archive is owed. The schedule is read by whoever hands `planSlots` in. */
import { graceMs } from "#backup/plan/checks.ts";
import type { BackupParts } from "#backup/step.ts";
import type { Backup } from "#model/backup.ts";
import type { ReadSchedule, Schedule } from "#model/schedule.ts";
import { later, msBetween, type Temporal } from "#model/time.ts";
import { doneRuns, lastRunNominal, putRun, scheduleKnownSince } from "#store/backup-runs.ts";
import { lastDrillNominal } from "#store/drills.ts";

/** What is asked about a schedule. */
export interface SlotAsk {
  readonly schedule: Schedule;
  readonly read: ReadSchedule;
  readonly zone: string;
  readonly knownSince: Temporal.Instant;
  readonly lastSeen: Temporal.Instant | null;
  readonly now: Temporal.Instant;
}

/** Occurrences to make and to skip, as reports have them. */
export type PlanSlots = (ask: SlotAsk) => Promise<{
  readonly make: readonly { readonly nominal: Temporal.Instant; readonly due: Temporal.Instant }[];
  readonly skip: readonly { readonly nominal: Temporal.Instant; readonly reason: string }[];
}>;

type DueParts = Pick<BackupParts, "pool" | "clock" | "planSlots">;

/** The calendar date of an instant in a backup's zone: what an archive is named by. */
export const dateOf = (instant: Temporal.Instant, { zone }: Pick<Backup, "zone">): string =>
  instant.toZonedDateTimeISO(zone).toPlainDate().toString();

const knownSinceOf = (
  backup: Backup,
  act: "backup" | "drill",
  { pool, clock }: DueParts,
): Promise<Temporal.Instant> => {
  const schedule = act === "drill" && backup.drill !== null ? backup.drill.schedule : backup.schedule;
  return scheduleKnownSince(pool, {
    backup: backup.name,
    act,
    schedule: schedule.at,
    zone: backup.zone,
    now: clock.now(),
  });
};

/** Records the runs of a backup that are due or were missed; how many are to be made. */
export const tickBackup = async (backup: Backup, parts: DueParts): Promise<number> => {
  const { pool, clock, planSlots } = parts;
  const { schedule, read, zone, name } = backup;
  const knownSince = await knownSinceOf(backup, "backup", parts);
  const lastSeen = await lastRunNominal(pool, name);
  const plan = await planSlots({ schedule, read, zone, knownSince, lastSeen, now: clock.now() });
  const record = (nominal: Temporal.Instant, due: Temporal.Instant, skipped: string | null) =>
    putRun(pool, { backup: name, nominal, due, date: dateOf(nominal, backup), zone, askedBy: null, skipped });
  let made = 0;
  // In the order of time: one that can't be recorded yet, since its forerunner is under way, is planned again at the next tick.
  for (const { nominal, reason } of plan.skip) await record(nominal, nominal, reason);
  for (const { nominal, due } of plan.make) if ((await record(nominal, due, null)) !== null) made += 1;
  return made;
};

/** The slot of a drill that is due now; `null` without one. */
export const dueDrill = async (backup: Backup, parts: DueParts): Promise<Temporal.Instant | null> => {
  if (backup.drill === null) return null;
  const { schedule, read } = backup.drill;
  const knownSince = await knownSinceOf(backup, "drill", parts);
  const lastSeen = await lastDrillNominal(parts.pool, backup.name);
  const now = parts.clock.now();
  const plan = await parts.planSlots({ schedule, read, zone: backup.zone, knownSince, lastSeen, now });
  return plan.make.find(({ due }) => msBetween(due, now) >= 0)?.nominal ?? null;
};

const YEAR_MS = 366 * 86_400_000;

/** The newest occurrence that was due at an instant, however long ago; `null`: none since the schedule was known. */
const newestDue = async (
  backup: Backup,
  act: "backup" | "drill",
  { at, parts }: { readonly at: Temporal.Instant; readonly parts: DueParts },
): Promise<Temporal.Instant | null> => {
  const { schedule, read } = act === "drill" && backup.drill !== null ? backup.drill : backup;
  const known = await knownSinceOf(backup, act, parts);
  const yearAgo = later(at, -YEAR_MS);
  const knownSince = msBetween(known, yearAgo) > 0 ? yearAgo : known;
  if (msBetween(knownSince, at) <= 0) return null;
  const whole = { ...read, catchUpWithinMs: 2 * YEAR_MS };
  const plan = await parts.planSlots({ schedule, read: whole, zone: backup.zone, knownSince, lastSeen: null, now: at });
  const due = plan.make.filter((slot) => msBetween(slot.due, at) >= 0).map((slot) => slot.due);
  return due.at(-1) ?? null;
};

/** When the newest archive was due that must be there by now: its time, the longest that a run normally takes, and two hours are over. */
export const owedSince = async (backup: Backup, parts: DueParts): Promise<Temporal.Instant | null> => {
  const runs = await doneRuns(parts.pool, backup.name, 10);
  const took = runs.flatMap(({ startedAt, finishedAt }) =>
    startedAt === null || finishedAt === null ? [] : [msBetween(startedAt, finishedAt)],
  );
  const at = later(parts.clock.now(), -graceMs(took, backup.produceTimeoutMs));
  return newestDue(backup, "backup", { at, parts });
};

/** Its calendar date; what rotation refuses by. */
export const owedDate = async (backup: Backup, parts: DueParts): Promise<string | null> => {
  const due = await owedSince(backup, parts);
  return due === null ? null : dateOf(due, backup);
};

const drillGraceMs = 2 * 86_400_000;

/** When the newest drill was due that must have been passed by now; `null`: none. */
export const owedDrill = (backup: Backup, parts: DueParts): Promise<Temporal.Instant | null> =>
  backup.drill === null
    ? Promise.resolve(null)
    : newestDue(backup, "drill", { at: later(parts.clock.now(), -drillGraceMs), parts });

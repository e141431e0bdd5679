import type { Holidays, ReadSchedule } from "#model/schedule.ts";
import { before, later, type Temporal } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Log } from "#runtime/log.ts";
import { readSchedule } from "#schedule/cron.ts";
import { type Overdue, planOverdue } from "#schedule/overdue.ts";
import { planSlots } from "#schedule/plan.ts";
import { type Pool, type Session, transaction } from "#store/pool.ts";
import { type KnownReport, type KnownSchedule, schedulesOf, syncSchedules } from "#store/reports.ts";
import { lastNominal, type NewSlot, putSlot } from "#store/slots.ts";

/** What the tick uses. */
export interface TickParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  /** The free days of a calendar in the years around `now`; an empty map for `null`. */
  readonly holidays: (calendar: string | null, now: Temporal.Instant) => Promise<Holidays>;
}

/** A report with the schedules that its people make necessary. */
export interface DueReport extends KnownReport {
  readonly wanted: readonly { readonly schedule: string; readonly zone: string }[];
}

/** What a tick did. */
export interface Ticked {
  /** Slots that were made. */
  readonly made: number;
  /** Schedules that can't be read, in words: of subscriptions, for the report's own is checked before. */
  readonly mistakes: readonly string[];
}

/** Records the slots of one report that are due or were missed. Telling the same tick twice changes nothing. */
export const tick = async (due: DueReport, parts: TickParts): Promise<Ticked> => {
  const now = parts.clock.now();
  const holidays = await parts.holidays(due.report.schedule.calendar, now);
  const { name: report } = due.report;
  // A personal schedule in a subscription's row: it stops only those who have it, and may not even fit into the table.
  const read = due.wanted.map((pair) => ({ pair, mistake: mistakeIn(pair.schedule) }));
  const mistakes = [...new Set(read.flatMap(({ mistake }) => (mistake === null ? [] : [mistake])))];
  for (const mistake of mistakes) parts.log.warn("schedule.unreadable", { report, mistake });
  const wanted = read.flatMap(({ pair, mistake }) => (mistake === null ? [pair] : []));
  return transaction(parts.pool, async (db) => {
    const schedules = await syncSchedules(db, { report, wanted, now });
    let made = 0;
    for (const known of schedules) {
      const lastSeen = await lastNominal(db, { report, ...known });
      for (const slot of slotsOf(due, known, { holidays, lastSeen, now })) {
        if ((await putSlot(db, slot)) && slot.skipped === null) made += 1;
      }
    }
    return { made, mistakes };
  });
};

const mistakeIn = (schedule: string): string | null => {
  const read = readSchedule(schedule);
  if (!("mistake" in read)) return null;
  return `the schedule “${schedule.slice(0, 80)}” of a subscription can't be read: ${read.mistake}`;
};

interface SlotFacts {
  readonly holidays: Holidays;
  readonly lastSeen: Temporal.Instant | null;
  readonly now: Temporal.Instant;
}

const slotsOf = (due: KnownReport, known: KnownSchedule, facts: SlotFacts): readonly NewSlot[] => {
  const expression = readSchedule(known.schedule);
  if ("mistake" in expression) return [];
  const { at: _at, zone: _zone, calendar: _calendar, ...rest } = due.report.schedule;
  const schedule: ReadSchedule = { ...rest, expression };
  const { holidays, lastSeen, now } = facts;
  const plan = planSlots({ schedule, zone: known.zone, holidays, knownSince: known.knownSince, lastSeen, now });
  const slot = (nominal: Temporal.Instant, at: Temporal.Instant, skipped: string | null): NewSlot => ({
    report: due.report.name,
    version: due.version,
    schedule: known.schedule,
    zone: known.zone,
    nominal,
    due: at,
    expiresAt: later(at, due.report.expiresMs),
    skipped,
  });
  return [
    ...plan.skip.map(({ nominal, reason }) => slot(nominal, nominal, reason)),
    ...plan.make.map(({ nominal, due: at }) => slot(nominal, at, null)),
  ];
};

/** The times of a report that should have been seen to by now, of which there is no slot: whoever is at work asks, whether it ticks or not. */
export const findOverdue = async (
  { report }: Pick<KnownReport, "report">,
  { pool, clock, holidays }: Omit<TickParts, "log">,
): Promise<readonly Overdue[]> => {
  const now = clock.now();
  const known = await schedulesOf(pool, report.name);
  const seen = await Promise.all(known.map((one) => lastNominal(pool, { report: report.name, ...one })));
  const schedules = known.map((one, at) => ({ ...one, lastSeen: seen[at] ?? null }));
  return planOverdue({ report, schedules, holidays: await holidays(report.schedule.calendar, now), now });
};

/** What the next tick would record of a report's known schedules: times that have come since the last one that is recorded. */
export const owedSlots = async (
  known: KnownReport,
  { pool, clock, holidays }: Omit<TickParts, "log">,
): Promise<readonly NewSlot[]> => {
  const now = clock.now();
  const days = await holidays(known.report.schedule.calendar, now);
  const slots: NewSlot[] = [];
  for (const schedule of await schedulesOf(pool, known.report.name)) {
    const lastSeen = await lastNominal(pool, { report: known.report.name, ...schedule });
    slots.push(...slotsOf(known, schedule, { holidays: days, lastSeen, now }));
  }
  return slots.filter(({ due }) => !before(now, due));
};

/** Records times that have come as skipped, so that no tick makes up for them. Call it in a transaction. */
export const passOver = async (db: Session, slots: readonly NewSlot[], reason: string): Promise<void> => {
  for (const slot of slots) await putSlot(db, { ...slot, skipped: reason });
};

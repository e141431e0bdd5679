/** Which times of a report no tick has seen although their minute is long over. */
import type { Report } from "#model/report.ts";
import type { Holidays } from "#model/schedule.ts";
import { before, later, type Temporal } from "#model/time.ts";
import { readSchedule } from "#schedule/cron.ts";
import { planSlots } from "#schedule/plan.ts";

/** A time of a report of which there is no slot. */
export interface Overdue {
  readonly report: string;
  readonly zone: string;
  readonly due: Temporal.Instant;
}

/** What is known of a report's schedules. */
export interface OverdueFacts {
  readonly report: Pick<Report, "name" | "schedule">;
  readonly schedules: readonly {
    readonly schedule: string;
    readonly zone: string;
    readonly knownSince: Temporal.Instant;
    readonly lastSeen: Temporal.Instant | null;
  }[];
  readonly holidays: Holidays;
  readonly now: Temporal.Instant;
}

/** So long after its time a tick that works has recorded it. */
const graceMs = 10 * 60_000;

/** The times that should have been recorded by now and were not. */
export const planOverdue = ({ report, schedules, holidays, now }: OverdueFacts): readonly Overdue[] =>
  schedules.flatMap(({ schedule: at, zone, knownSince, lastSeen }) => {
    const expression = readSchedule(at);
    if ("mistake" in expression) return [];
    const { at: _at, zone: _zone, calendar: _calendar, ...rest } = report.schedule;
    const plan = planSlots({ schedule: { ...rest, expression }, zone, holidays, knownSince, lastSeen, now });
    const lost = plan.skip.filter(({ reason }) => reason.startsWith("Missed:")).map(({ nominal }) => nominal);
    return [...lost, ...plan.make.map(({ due }) => due)]
      .filter((due) => before(later(due, graceMs), now))
      .map((due) => ({ report: report.name, zone, due }));
  });

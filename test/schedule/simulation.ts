import type { Holidays, ReadSchedule } from "#model/schedule.ts";
import { instantOf } from "#model/time.ts";
import { walk } from "#schedule/cron.ts";
import { type PlanFacts, planSlots, type SlotPlan } from "#schedule/plan.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What happens to the process or its clock before a tick. */
export interface Step {
  /** How long after the last tick this one comes. */
  readonly pause: number;
  /** What the clock shows beyond the true time, for this tick only. */
  readonly clock: "right" | "hour-back" | "hour-ahead" | "day-back" | "day-ahead" | "1970";
  /** The process dies before the plan is stored. */
  readonly crash: boolean;
}

/** One year of one schedule. */
export interface Year {
  readonly schedule: ReadSchedule;
  readonly zone: string;
  readonly holidays: Holidays;
  readonly knownSince: number;
  /** Used over and over until the year is full. */
  readonly steps: readonly Step[];
}

/** How the rows at the end compare with the occurrences that the year had. */
export interface Tally {
  readonly doubles: number;
  readonly missed: number;
  readonly occurrences: number;
  readonly made: number;
  readonly withoutReason: number;
}

const CLOCKS: Record<Step["clock"], (now: number) => number> = {
  right: (now) => now,
  "hour-back": (now) => now - HOUR,
  "hour-ahead": (now) => now + HOUR,
  "day-back": (now) => now - DAY,
  "day-ahead": (now) => now + DAY,
  "1970": () => 0,
};

/** The rows that the ticks of a year leave behind; the newest nominal instant among them is all that a tick remembers. */
class Rows {
  readonly nominals = new Map<number, number>();
  counted = 0;
  made = 0;
  withoutReason = 0;
  newest: number | null = null;

  store({ make, skip }: SlotPlan): void {
    for (const { nominal } of make) this.#add(nominal.epochMilliseconds);
    for (const { nominal, reason, count } of skip) {
      if (reason.length < 10) this.withoutReason += 1;
      // A line that stands for many has the nominal instant of one of them.
      this.counted += count - 1;
      this.#add(nominal.epochMilliseconds);
    }
    this.made += make.length;
  }

  #add(nominal: number): void {
    this.nominals.set(nominal, (this.nominals.get(nominal) ?? 0) + 1);
    this.newest = Math.max(this.newest ?? nominal, nominal);
  }
}

const expected = ({ schedule, zone, knownSince }: Year, until: number): ReadonlySet<number> =>
  new Set([...walk(schedule.expression, zone, { after: knownSince, until })].map(({ at }) => at));

/** Runs 366 days of ticks and compares what was recorded with what had to be. */
export const simulate = (year: Year): Tally => {
  const rows = new Rows();
  const tick = (now: number, crash: boolean): void => {
    const facts: PlanFacts = {
      ...year,
      knownSince: instantOf(year.knownSince),
      lastSeen: rows.newest === null ? null : instantOf(rows.newest),
      now: instantOf(now),
    };
    const plan = planSlots(facts);
    if (!crash) rows.store(plan);
  };
  const end = year.knownSince + 366 * DAY;
  let now = year.knownSince;
  for (let index = 0; now < end; index += 1) {
    const step = year.steps[index % year.steps.length];
    if (step === undefined) break;
    now += step.pause;
    tick(CLOCKS[step.clock](now), step.crash);
  }
  // A clock that ran a day ahead may have recorded that far; the last tick lies beyond it.
  tick(now + 2 * DAY, false);
  const wanted = expected(year, now + 2 * DAY);
  const surplus = [...rows.nominals].filter(([nominal, times]) => times > 1 || !wanted.has(nominal)).length;
  return {
    doubles: surplus,
    missed: wanted.size - [...rows.nominals.keys()].filter((nominal) => wanted.has(nominal)).length - rows.counted,
    occurrences: wanted.size,
    made: rows.made,
    withoutReason: rows.withoutReason,
  };
};

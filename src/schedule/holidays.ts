/** What a free day does to an occurrence: nothing, a skip, or a move to the next working day. Pure, used by `plan.ts`. */
import { Fault } from "#model/fault.ts";
import type { HolidayPolicy, Holidays, ReadSchedule } from "#model/schedule.ts";
import { instantAtWall, type Occurrence } from "#schedule/cron.ts";
import { civilOf, DAY_MS, dayOfIso, fitsDay, isoOf, isWeekend, MINUTE_MS } from "#schedule/days.ts";
import { spokenDay } from "#schedule/spoken.ts";

/** What the judgement rests on. */
export interface HolidayFacts {
  readonly schedule: ReadSchedule;
  readonly zone: string;
  readonly holidays: Holidays;
  /** Epoch milliseconds: earlier occurrences never fired, so they can't have taken a day. */
  readonly knownSince: number;
}

/** `due` in epoch milliseconds, or `null` when the occurrence is to be skipped; `reason` tells of a move or a skip. */
export type Judgement =
  | { readonly due: number; readonly reason: string | null }
  | { readonly due: null; readonly reason: string };

/** First and last day number on which the schedule lives, both inclusive. */
export interface Life {
  readonly first: number;
  readonly last: number;
}

/** No calendar has so many free days in a row; a longer search means that every day was declared free. */
const MOST_FREE_DAYS = 60;

const dayOrFault = (key: string, iso: string): number => {
  const day = dayOfIso(iso);
  if (day !== null) return day;
  throw new Fault("schedule.invalid", `The schedule's ${key} "${iso}" is no date.`, {
    hint: `Write ${key} as YYYY-MM-DD, a day that exists.`,
  });
};

/** The schedule's start and end as day numbers, infinite where they are open. Throws `schedule.invalid` for what is no date. */
export const lifeOf = ({ start, end }: ReadSchedule): Life => ({
  first: start === null ? Number.NEGATIVE_INFINITY : dayOrFault("start", start),
  last: end === null ? Number.POSITIVE_INFINITY : dayOrFault("end", end),
});

/** Who asks for the first working day means a day of work, so a holiday moves it even where others are skipped. */
const policyOf = ({ holidays, expression }: ReadSchedule): HolidayPolicy =>
  holidays === "skip" && expression.monthDays?.nearest.includes(1) === true ? "next-working-day" : holidays;

const isFree = (holidays: Holidays, day: number): boolean =>
  isWeekend(civilOf(day).weekday) || holidays.has(isoOf(day));

const nextWorkingDay = (holidays: Holidays, day: number): number | null => {
  for (let next = day + 1; next <= day + MOST_FREE_DAYS; next += 1) if (!isFree(holidays, next)) return next;
  return null;
};

const occursOn = (facts: HolidayFacts, day: number): boolean => {
  const life = lifeOf(facts.schedule);
  return day >= life.first && day <= life.last && fitsDay(facts.schedule.expression, day);
};

/** The first holiday before `day` whose occurrences moved to `target` already; `null` when there is none. */
const earlierMove = (facts: HolidayFacts, day: number, target: number): number | null => {
  const { schedule, zone, holidays, knownSince } = facts;
  const lastTime = schedule.expression.times.at(-1) ?? 0;
  let found: number | null = null;
  for (let earlier = target - 1; isFree(holidays, earlier) && earlier > target - MOST_FREE_DAYS; earlier -= 1) {
    if (earlier >= day || !holidays.has(isoOf(earlier)) || !occursOn(facts, earlier)) continue;
    if (instantAtWall(zone, earlier * DAY_MS + lastTime * MINUTE_MS) > knownSince) found = earlier;
  }
  return found;
};

/** Where the occurrences of a holiday go: a day number, or why they go nowhere. */
const moveOf = (facts: HolidayFacts, day: number): number | string => {
  const target = nextWorkingDay(facts.holidays, day);
  if (target === null) return `no working day follows within ${MOST_FREE_DAYS} days`;
  const next = spokenDay(target);
  if (target > lifeOf(facts.schedule).last) return `the next working day, ${next}, is after the schedule's end`;
  if (occursOn(facts, target)) return `the next working day, ${next}, has its own`;
  const earlier = earlierMove(facts, day, target);
  return earlier === null ? target : `the one of ${spokenDay(earlier)} moved to the next working day, ${next}, already`;
};

/** One judge for many occurrences: what it finds out about a day it keeps, for schedules of every five minutes. */
export const judgeHolidays = (facts: HolidayFacts): ((occurrence: Occurrence) => Judgement) => {
  const policy = policyOf(facts.schedule);
  const names = new Map<number, string | null>();
  const moves = new Map<number, number | string>();
  const nameOf = (day: number): string | null => {
    if (!names.has(day)) names.set(day, facts.holidays.get(isoOf(day)) ?? null);
    return names.get(day) ?? null;
  };
  return ({ at, wall }) => {
    const day = Math.floor(wall / DAY_MS);
    const name = policy === "send" ? null : nameOf(day);
    if (name === null) return { due: at, reason: null };
    const free = `${spokenDay(day)} is a free day (${name})`;
    if (policy === "skip") return { due: null, reason: `${free}.` };
    const move = moves.get(day) ?? moveOf(facts, day);
    moves.set(day, move);
    if (typeof move === "string") return { due: null, reason: `${free}, and ${move}.` };
    const due = instantAtWall(facts.zone, wall + (move - day) * DAY_MS);
    return { due, reason: `${free}; moved to ${spokenDay(move)}.` };
  };
};

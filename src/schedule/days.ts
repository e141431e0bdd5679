/** Calendar arithmetic on whole days, and whether a date fits an expression. Days are numbered from 1970-01-01 = 0. */
import type { CronExpression, MonthDays, WeekDays } from "#model/schedule.ts";

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;

/** A calendar date; `weekday` 0 = Sunday. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
}

// A year that begins in March ends with its leap day, so months before it have fixed lengths (30.6 days on average).
const DAYS_BEFORE_EPOCH = 719_468;
const DAYS_IN_400_YEARS = 146_097;

/**
 * Day number → date. Own arithmetic because a search over eight years looks at 2,900 dates per schedule,
 * and a Temporal date for each of them costs fifty times as much.
 */
export const civilOf = (dayNumber: number): CivilDate => {
  const sinceMarch = dayNumber + DAYS_BEFORE_EPOCH;
  const cycle = Math.floor(sinceMarch / DAYS_IN_400_YEARS);
  const dayOfCycle = sinceMarch - cycle * DAYS_IN_400_YEARS;
  const leaps = Math.floor(dayOfCycle / 1460) - Math.floor(dayOfCycle / 36_524) + Math.floor(dayOfCycle / 146_096);
  const yearOfCycle = Math.floor((dayOfCycle - leaps) / 365);
  const dayOfYear = dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    weekday: (((dayNumber + 4) % 7) + 7) % 7,
  };
};

/** Date → day number; days beyond the month's end run on into the next. */
export const dayNumberOf = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year;
  const cycle = Math.floor(shifted / 400);
  const yearOfCycle = shifted - cycle * 400;
  const monthFromMarch = month > 2 ? month - 3 : month + 9;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  const leaps = Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100);
  return cycle * DAYS_IN_400_YEARS + yearOfCycle * 365 + leaps + dayOfYear - DAYS_BEFORE_EPOCH;
};

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** Day number → `2026-12-25`. */
export const isoOf = (dayNumber: number): string => {
  const { year, month, day } = civilOf(dayNumber);
  return `${String(year).padStart(4, "0")}-${twoDigits(month)}-${twoDigits(day)}`;
};

/** `2026-12-25` → day number; `null` for anything that is no date, such as the 30th of February. */
export const dayOfIso = (iso: string): number | null => {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso);
  if (match === null) return null;
  const day = dayNumberOf(Number(match[1]), Number(match[2]), Number(match[3]));
  return isoOf(day) === iso ? day : null;
};

/** Minutes after midnight → `07:05`. */
export const clockOf = (minutes: number): string => `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;

/** True for Saturday and Sunday. */
export const isWeekend = (weekday: number): boolean => weekday === 0 || weekday === 6;

const lengthOfMonth = (year: number, month: number): number =>
  dayNumberOf(month === 12 ? year + 1 : year, (month % 12) + 1, 1) - dayNumberOf(year, month, 1);

const weekdayOf = (date: CivilDate, day: number): number => (((date.weekday + day - date.day) % 7) + 7) % 7;

/** The weekday nearest to `day` without leaving the month; `null` when the month has no such day. */
const nearestWeekday = (date: CivilDate, day: number, length: number): number | null => {
  if (day > length) return null;
  const weekday = weekdayOf(date, day);
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === length ? day - 2 : day + 1;
  return day;
};

const lastWeekday = (date: CivilDate, length: number): number => {
  const weekday = weekdayOf(date, length);
  if (weekday === 6) return length - 1;
  return weekday === 0 ? length - 2 : length;
};

const fitsMonthDays = (rule: MonthDays, date: CivilDate): boolean => {
  if (rule.days.includes(date.day)) return true;
  if (!rule.last && !rule.lastWeekday && rule.nearest.length === 0) return false;
  const length = lengthOfMonth(date.year, date.month);
  if (rule.last && date.day === length) return true;
  if (rule.lastWeekday && date.day === lastWeekday(date, length)) return true;
  return rule.nearest.some((day) => nearestWeekday(date, day, length) === date.day);
};

const fitsWeekDays = (rule: WeekDays, date: CivilDate): boolean => {
  if (rule.days.includes(date.weekday)) return true;
  if (rule.nth.some(({ day, nth }) => day === date.weekday && nth === Math.ceil(date.day / 7))) return true;
  return rule.last.includes(date.weekday) && date.day + 7 > lengthOfMonth(date.year, date.month);
};

/** True when the expression names this date. */
export const fitsDay = (expression: CronExpression, dayNumber: number): boolean => {
  const date = civilOf(dayNumber);
  const { months, monthDays, weekDays, fit } = expression;
  if (!months.includes(date.month)) return false;
  if (monthDays === null) return weekDays === null || fitsWeekDays(weekDays, date);
  if (weekDays === null) return fitsMonthDays(monthDays, date);
  return fit === "either"
    ? fitsMonthDays(monthDays, date) || fitsWeekDays(weekDays, date)
    : fitsMonthDays(monthDays, date) && fitsWeekDays(weekDays, date);
};

/** True when the expression names any date at all; dates repeat every 400 years, so one such cycle answers it. */
export const everFits = (expression: CronExpression): boolean => {
  for (let day = 0; day < DAYS_IN_400_YEARS; day += 1) if (fitsDay(expression, day)) return true;
  return false;
};

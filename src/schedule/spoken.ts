/** A schedule in words for people, and dates and times as sentences name them. English, by hand, so that pure code needs no locale. */
import type { CronExpression, MonthDays, WeekDays } from "#model/schedule.ts";
import { instantOf } from "#model/time.ts";
import { civilOf, clockOf, DAY_MS, MINUTE_MS } from "#schedule/days.ts";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const NTH = ["", "first", "second", "third", "fourth", "fifth"];

/** A longer list of times says less than its first and its last. */
const MOST_TIMES_LISTED = 8;

const listed = (words: readonly string[], joint = "and"): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${joint} ${words.at(-1)}`;

/** The distance between neighbours when it is always the same; `null` otherwise. */
const evenGap = (values: readonly number[]): number | null => {
  const gap = (values[1] ?? 0) - (values[0] ?? 0);
  const even = values.every((value, index) => index === 0 || value - (values[index - 1] ?? 0) === gap);
  return values.length > 1 && even ? gap : null;
};

const counted = (count: number, unit: string): string => (count === 1 ? `every ${unit}` : `every ${count} ${unit}s`);

/** Times that go round the whole day: `every 15 minutes`, `every hour at :30`. */
const roundTheDay = ({ times, elapsed }: CronExpression): string | null => {
  const gap = evenGap(times);
  const first = times[0] ?? 0;
  if (!elapsed || gap === null || times.length * gap !== 24 * 60) return null;
  if (gap < 60) return first === 0 ? counted(gap, "minute") : null;
  if (gap % 60 !== 0 || first >= 60) return null;
  return counted(gap / 60, "hour") + (first === 0 ? "" : ` at :${String(first).padStart(2, "0")}`);
};

const repeatedTimes = (expression: CronExpression): string | null => {
  const { times } = expression;
  const round = roundTheDay(expression);
  if (round !== null) return round;
  if (times.length <= MOST_TIMES_LISTED) return null;
  const span = `from ${clockOf(times[0] ?? 0)} to ${clockOf(times.at(-1) ?? 0)}`;
  const gap = evenGap(times);
  if (gap === null) return `${times.length} times ${span}`;
  return `${gap % 60 === 0 ? counted(gap / 60, "hour") : counted(gap, "minute")} ${span}`;
};

/** Monday first: cron counts from Sunday, people don't. */
const plainDays = (days: readonly number[]): readonly string[] => {
  const key = days.join(",");
  if (key === "1,2,3,4,5") return ["weekdays"];
  if (key === "0,6") return ["weekends"];
  return [...days].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7)).map((day) => `${WEEKDAYS[day]}s`);
};

const weekDayWords = ({ days, nth, last }: WeekDays): string => {
  const counts = nth.map((each) => `the ${NTH[each.nth]} ${WEEKDAYS[each.day]} of the month`);
  const lasts = last.map((day) => `the last ${WEEKDAYS[day]} of the month`);
  return listed([...plainDays(days), ...counts, ...lasts]);
};

const nearestWords = (day: number): string =>
  day === 1 ? "the first working day" : `the weekday nearest to day ${day}`;

const monthDayWords = ({ days, last, nearest, lastWeekday }: MonthDays): string => {
  const numbers = days.length === 0 ? [] : [`${days.length === 1 ? "day" : "days"} ${listed(days.map(String))}`];
  const special = [
    ...nearest.map(nearestWords),
    ...(last ? ["the last day"] : []),
    ...(lastWeekday ? ["the last weekday"] : []),
  ];
  return `${listed([...numbers, ...special])} of the month`;
};

/** The days; `null`: every day. */
const dayWords = ({ monthDays, weekDays, fit }: CronExpression): string | null => {
  if (monthDays === null) return weekDays === null ? null : weekDayWords(weekDays);
  const month = monthDayWords(monthDays);
  if (weekDays === null) return month;
  return fit === "either" ? `${month} or ${weekDayWords(weekDays)}` : `${month}, only ${weekDayWords(weekDays)}`;
};

const startsWithDays = (words: string): boolean =>
  /^(weekdays|weekends|\w+days\b)/.test(words) && !words.startsWith("days");

/** The schedule in words: `weekdays at 07:00`, `every 15 minutes on Mondays`. */
export const scheduleWords = (expression: CronExpression): string => {
  const { times, months } = expression;
  const days = dayWords(expression);
  const repeats = repeatedTimes(expression);
  const inMonths = months.length === 12 ? "" : ` in ${listed(months.map((month) => MONTHS[month - 1] ?? ""))}`;
  if (repeats !== null) return repeats + (days === null ? "" : ` on ${days}`) + inMonths;
  const clock = listed(times.map(clockOf));
  if (days === null) return `daily at ${clock}${inMonths}`;
  return `${startsWithDays(days) ? "" : "on "}${days} at ${clock}${inMonths}`;
};

/** Day number → `Monday 5 January 2026`. */
export const spokenDay = (dayNumber: number): string => {
  const { year, month, day, weekday } = civilOf(dayNumber);
  return `${WEEKDAYS[weekday]} ${day} ${MONTHS[month - 1]} ${year}`;
};

/** Epoch milliseconds → `Monday 5 January 2026 07:00`, as a clock in `zone` shows it. */
export const spokenTime = (epochMs: number, zone: string): string => {
  const local = instantOf(epochMs).toZonedDateTimeISO(zone);
  const wall = epochMs + Math.round(local.offsetNanoseconds / 1e6);
  const day = Math.floor(wall / DAY_MS);
  return `${spokenDay(day)} ${clockOf(Math.floor((wall - day * DAY_MS) / MINUTE_MS))}`;
};

/** A span of time in the unit that suits it: `45 minutes`, `12 hours`, `3 days`. */
export const spokenSpan = (ms: number): string => {
  const minutes = Math.round(ms / MINUTE_MS);
  const hours = Math.round(minutes / 60);
  if (minutes < 120) return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
};

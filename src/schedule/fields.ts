/** A cron expression of five fields → what it means. Words are read by `words.ts`. */
import type { CronExpression, Mistake, MonthDays, WeekDays } from "#model/schedule.ts";

interface FieldRule {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Three-letter names, the first of them for `low`. */
  readonly names: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const minuteRule: FieldRule = { name: "minute", low: 0, high: 59, names: [] };
const hourRule: FieldRule = { name: "hour", low: 0, high: 23, names: [] };
const monthDayRule: FieldRule = { name: "day of the month", low: 1, high: 31, names: [] };
const monthRule: FieldRule = { name: "month", low: 1, high: 12, names: MONTHS };
const weekDayRule: FieldRule = { name: "weekday", low: 0, high: 7, names: WEEKDAYS };

const FIELDS = "minute, hour, day of the month, month, weekday";

const refuse = (rule: FieldRule, item: string, why: string): Mistake => ({
  mistake: `The ${rule.name} "${item}" can't be read: ${why}.`,
});

const limits = (rule: FieldRule): string =>
  rule.names.length === 0
    ? `it must be ${rule.low} to ${rule.high}`
    : `it must be ${rule.low} to ${rule.high} or ${rule.names[0]} to ${rule.names.at(-1)}`;

const isMistake = (value: object): value is Mistake => "mistake" in value;

/** One number or name; `null` when it is neither or outside the limits. */
const numberOf = (rule: FieldRule, text: string): number | null => {
  const named = rule.names.indexOf(text);
  if (named >= 0) return named + rule.low;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= rule.low && value <= rule.high ? value : null;
};

/** Sunday has two numbers, so a week's last one is 6. */
const topOf = (rule: FieldRule): number => (rule === weekDayRule ? 6 : rule.high);

const stepOf = (rule: FieldRule, text: string | undefined): number | null => {
  if (text === undefined) return 1;
  const step = Number(text);
  // A step wider than the field would silently mean "once": `*/90` is no hour and a half.
  return step >= 1 && step <= topOf(rule) - rule.low ? step : null;
};

/** `5-0` and `sat-sun` mean to the end of the week. */
const endOf = (rule: FieldRule, start: number, end: number): number =>
  rule === weekDayRule && end === 0 && start > 0 ? 7 : end;

/** `*`, `5`, `1-5`, `*` with a step, `8-18/2`, `3/10` → the values named. */
const rangeOf = (rule: FieldRule, item: string): readonly number[] | Mistake => {
  const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(item);
  if (match === null) return refuse(rule, item, `${limits(rule)}, a list, a range or a step`);
  const [, first = "", last, stepText] = match;
  const step = stepOf(rule, stepText);
  if (step === null) return refuse(rule, item, `the step must be 1 to ${topOf(rule) - rule.low}`);
  const start = first === "*" ? rule.low : numberOf(rule, first);
  if (start === null || (first === "*" && last !== undefined)) return refuse(rule, item, limits(rule));
  const openEnd = first === "*" || stepText !== undefined ? topOf(rule) : start;
  const end = last === undefined ? openEnd : numberOf(rule, last);
  if (end === null) return refuse(rule, item, limits(rule));
  const stop = endOf(rule, start, end);
  if (stop < start) return refuse(rule, item, "the range runs backwards");
  return Array.from({ length: Math.floor((stop - start) / step) + 1 }, (_, index) => start + index * step);
};

const sorted = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b);

/** A plain field: a list of ranges. */
const listOf = (rule: FieldRule, field: string): readonly number[] | Mistake => {
  const values: number[] = [];
  for (const item of field.split(",")) {
    const range = rangeOf(rule, item);
    if ("mistake" in range) return range;
    values.push(...range);
  }
  return sorted(values);
};

const monthDaysOf = (field: string): MonthDays | Mistake | null => {
  if (field === "*") return null;
  const items = field.split(",");
  const near = items.flatMap((item) => /^(\d{1,2})w$/.exec(item)?.[1] ?? []);
  const plain = items.filter((item) => item !== "l" && item !== "lw" && !/^\d{1,2}w$/.test(item));
  const days = plain.length === 0 ? [] : listOf(monthDayRule, plain.join(","));
  if ("mistake" in days) return days;
  const odd = near.find((day) => numberOf(monthDayRule, day) === null);
  if (odd !== undefined) return refuse(monthDayRule, `${odd}W`, limits(monthDayRule));
  return { days, last: items.includes("l"), nearest: near.map(Number), lastWeekday: items.includes("lw") };
};

/** `1#2`, `friL` → the weekday and what follows it; `null` when the item has nothing special. */
const specialDay = (item: string): { readonly name: string; readonly place: string } | null => {
  const match = /^(\w+)#([1-5])$/.exec(item) ?? /^([0-7]|[a-z]{3})(l)$/.exec(item);
  return match === null ? null : { name: match[1] ?? "", place: match[2] ?? "" };
};

/** One item of the weekday field. */
const weekDayItem = (item: string): WeekDays | Mistake => {
  const special = specialDay(item);
  if (special === null) {
    const range = rangeOf(weekDayRule, item);
    return "mistake" in range ? range : { days: range.map((day) => day % 7), nth: [], last: [] };
  }
  const number = numberOf(weekDayRule, special.name);
  if (number === null) return refuse(weekDayRule, item, limits(weekDayRule));
  const day = number % 7;
  if (special.place === "l") return { days: [], nth: [], last: [day] };
  return { days: [], nth: [{ day, nth: Number(special.place) }], last: [] };
};

const weekDaysOf = (field: string): WeekDays | Mistake | null => {
  if (field === "*") return null;
  const items: WeekDays[] = [];
  for (const item of field.split(",")) {
    const read = weekDayItem(item);
    if (isMistake(read)) return read;
    items.push(read);
  }
  return {
    days: sorted(items.flatMap(({ days }) => days)),
    nth: items.flatMap(({ nth }) => nth),
    last: items.flatMap(({ last }) => last),
  };
};

const timesOf = (minutes: readonly number[], hours: readonly number[]): readonly number[] =>
  hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));

/** Refused before the fields are looked at, each with a sentence of its own. */
const refusalOf = (at: string, fields: readonly string[]): Mistake | null => {
  if (at.includes("?")) return { mistake: `"${at}" holds "?", which means nothing fixed here; write "*" for any.` };
  if (at.startsWith("@")) {
    return { mistake: `"${at}" isn't understood; write words such as "daily 00:00", or five fields (${FIELDS}).` };
  }
  if (fields.length === 5) return null;
  const more = fields.length > 5 ? " Seconds and years aren't understood." : "";
  return { mistake: `"${at}" has ${fields.length} fields; a cron expression has five: ${FIELDS}.${more}` };
};

/** Five fields → expression, or the first mistake with the field's name. Whether it ever fires is for the caller. */
export const readFields = (at: string): CronExpression | Mistake => {
  const fields = at.trim().toLowerCase().split(/\s+/);
  const refused = refusalOf(at, fields);
  if (refused !== null) return refused;
  const [minute = "", hour = "", monthDay = "", month = "", weekDay = ""] = fields;
  const minutes = listOf(minuteRule, minute);
  if (isMistake(minutes)) return minutes;
  const hours = listOf(hourRule, hour);
  if (isMistake(hours)) return hours;
  const monthDays = monthDaysOf(monthDay);
  if (monthDays !== null && isMistake(monthDays)) return monthDays;
  const months = listOf(monthRule, month);
  if (isMistake(months)) return months;
  const weekDays = weekDaysOf(weekDay);
  if (weekDays !== null && isMistake(weekDays)) return weekDays;
  return {
    at,
    times: timesOf(minutes, hours),
    elapsed: /[*/]/.test(hour) || hours.length === 24,
    months,
    monthDays,
    weekDays,
    // crontab(5): either day field may fit, unless one of them contains "*"; so `*/2` and a weekday must both fit.
    fit: monthDay.includes("*") || weekDay.includes("*") ? "both" : "either",
  };
};

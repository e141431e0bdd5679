/** English words → cron lines, and the nearest understood form of what can't be read. */

import { nearest } from "#model/nearest.ts";
import type { Mistake } from "#model/schedule.ts";

/** Cron lines that together say what the words say: one for each minute of the hour that is named. */
export interface CronLines {
  readonly lines: readonly string[];
}

const WEEKDAY = new Map<string, number>(
  [
    ["sunday", "sundays", "sun"],
    ["monday", "mondays", "mon"],
    ["tuesday", "tuesdays", "tue", "tues"],
    ["wednesday", "wednesdays", "wed"],
    ["thursday", "thursdays", "thu", "thur", "thurs"],
    ["friday", "fridays", "fri"],
    ["saturday", "saturdays", "sat"],
  ].flatMap((names, weekday) => names.map((name): [string, number] => [name, weekday])),
);

const NTH = new Map<string, string>([
  ["first", "#1"],
  ["1st", "#1"],
  ["second", "#2"],
  ["2nd", "#2"],
  ["third", "#3"],
  ["3rd", "#3"],
  ["fourth", "#4"],
  ["4th", "#4"],
  ["last", "L"],
]);

/** Forms that are offered when something can't be read; `{time}` becomes the time that was written. */
const FORMS = [
  "daily {time}",
  "every day at {time}",
  "weekdays {time}",
  "weekends {time}",
  "monday {time}",
  "tuesday {time}",
  "wednesday {time}",
  "thursday {time}",
  "friday {time}",
  "saturday {time}",
  "sunday {time}",
  "monday to friday {time}",
  "mon, wed and fri {time}",
  "monthly on day 1 {time}",
  "quarterly on day 1 {time}",
  "first working day of the month {time}",
  "first monday of the month {time}",
  "last day of the month {time}",
  "last friday of the month {time}",
  "last weekday of the month {time}",
  "hourly",
  "every 2 hours",
  "every 15 minutes",
];

/** What people write first, and the form that says it whole. */
const SHORT_FORMS = new Map([
  ["daily", "daily {time}"],
  ["weekly {time}", "monday {time}"],
  ["monthly {time}", "monthly on day 1 {time}"],
  ["quarterly {time}", "quarterly on day 1 {time}"],
  ["working days {time}", "weekdays {time}"],
  ["last working day of the month {time}", "last weekday of the month {time}"],
]);

const TIME = /^\d{1,2}:\d{2}$/;

const offer = (text: string): string => {
  const time = /\b\d{1,2}:\d{2}\b/.exec(text)?.[0] ?? "07:00";
  const withTime = (form: string): string => form.replace("{time}", time);
  const forms = new Map([...FORMS.map((form): [string, string] => [form, form]), ...SHORT_FORMS]);
  const closest = nearest(text, [...forms.keys()].map(withTime));
  const meant = [...forms].find(([form]) => withTime(form) === closest)?.[1];
  return withTime(meant ?? "daily {time}");
};

const notUnderstood = (text: string, why = ""): Mistake => ({
  mistake: `"${text}" isn't a schedule that is understood${why}; nearest: "${offer(text)}".`,
});

/** `7 am`, `6:30 pm` → `7:00`, `18:30`; an hour beyond 12 is left as it is, to be refused. */
const fromHalfDay = (written: string): string => {
  const [, hour = "", minute = "00", half] = /^(\d+)(?::(\d+))? ?([ap])/.exec(written) ?? [];
  return Number(hour) > 12 ? written : `${(Number(hour) % 12) + (half === "p" ? 12 : 0)}:${minute}`;
};

const normalise = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\bnoon\b/g, "12:00")
    .replace(/\bmidnight\b/g, "00:00")
    .replace(/\b\d{1,2}(?::\d{2})? ?[ap]\.?m\b\.?/g, fromHalfDay)
    .replace(/&/g, " and ")
    .replace(/,/g, " , ")
    .replace(/\s+/g, " ")
    .replace(/[ .]+$/, "")
    .trim();

/** `monday to friday`, `mon-fri`, `mon , wed and fri` → a cron weekday field. */
const weekdayField = (phrase: string): string | null => {
  const items = phrase.split(/(?: |^)(?:,|and|or)(?: |$)/).filter((item) => item !== "");
  const fields: string[] = [];
  for (const item of items) {
    const [first = "", last] = item.split(/ ?(?:-| to | through ) ?/);
    const start = WEEKDAY.get(first);
    const end = last === undefined ? start : WEEKDAY.get(last);
    if (start === undefined || end === undefined) return null;
    // Cron ranges don't run over the week's end, "saturday to tuesday" does.
    const length = (end - start + 7) % 7;
    for (let step = 0; step <= length; step += 1) fields.push(String((start + step) % 7));
  }
  return fields.length === 0 ? null : fields.join(",");
};

const numbersField = (phrase: string): string | null => {
  const items = phrase.split(/ (?:,|and) (?:and )?/).map((item) => /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(item)?.[1]);
  return items.every((item) => item !== undefined) ? items.join(",") : null;
};

/** What stands before "of the month" → day and weekday fields. */
const dayOfMonth = (phrase: string): { readonly day: string; readonly weekday: string } | null => {
  const core = phrase.replace(/^(?:on )?(?:the )?/, "");
  if (core === "last day") return { day: "L", weekday: "*" };
  if (core === "first day") return { day: "1", weekday: "*" };
  if (core === "first working day" || core === "first weekday") return { day: "1W", weekday: "*" };
  if (core === "last weekday") return { day: "LW", weekday: "*" };
  const [nth = "", name = "", ...more] = core.split(" ");
  const weekday = WEEKDAY.get(name);
  const place = NTH.get(nth);
  if (weekday !== undefined && place !== undefined && more.length === 0) return { day: "*", weekday: weekday + place };
  const numbers = numbersField(core.replace(/^days? /, ""));
  return numbers === null ? null : { day: numbers, weekday: "*" };
};

const monthPhrase = (phrase: string): string | null => {
  const match = /^(monthly|quarterly)?(.*?)(?: of (?:the|each|every) month)?$/.exec(phrase);
  const [, often, core = ""] = match ?? [];
  if (often === undefined && !/ of (?:the|each|every) month$/.test(phrase)) return null;
  const fields = dayOfMonth(core.trim());
  return fields === null ? null : `${fields.day} ${often === "quarterly" ? "1,4,7,10" : "*"} ${fields.weekday}`;
};

/** Words that name days → the three day fields of cron, or null. */
const dayFields = (phrase: string): string | null => {
  if (/^(?:daily|every ?day|each day)$/.test(phrase)) return "* * *";
  const core = phrase.replace(/^weekly /, "").replace(/^(?:on )?(?:every |each |the )?/, "");
  if (/^weekdays?$/.test(core)) return "* * 1-5";
  if (/^weekends?$/.test(core)) return "* * 0,6";
  const weekdays = weekdayField(core);
  return weekdays === null ? monthPhrase(phrase) : `* * ${weekdays}`;
};

/** `every 15 minutes`, `every 2 hours on weekdays`, `hourly` → one cron line; `null` when the words say no such thing. */
const repeated = (text: string, phrase: string): CronLines | Mistake | null => {
  const match = /^(.*?) ?\b(?:hourly|every (?:(\d+) )?(minute|hour)s?)\b ?(.*)$/.exec(phrase);
  if (match === null) return null;
  const [, leading = "", count, unit = "hour", trailing = ""] = match;
  const rest = `${leading} ${trailing}`.trim();
  const days = rest === "" ? "* * *" : dayFields(rest);
  if (days === null) return notUnderstood(text);
  const whole = unit === "hour" ? 24 : 60;
  const step = Number(count ?? 1);
  if (step < 1 || step >= whole || whole % step !== 0) {
    const of = unit === "hour" ? "a day" : "an hour";
    return {
      mistake: `"${text}": ${count} ${unit}s don't divide ${of} evenly; nearest: "${evenStep(step, whole, unit)}".`,
    };
  }
  const field = step === 1 ? "*" : `*/${step}`;
  return { lines: [unit === "hour" ? `0 ${field} ${days}` : `${field} * ${days}`] };
};

/** The step nearest to the one asked for that divides the hour or the day. */
const evenStep = (step: number, whole: number, unit: string): string => {
  const steps = Array.from({ length: whole / 2 }, (_, index) => index + 1).filter((each) => whole % each === 0);
  const best = steps.reduce((a, b) => (Math.abs(b - step) < Math.abs(a - step) ? b : a), 1);
  return best === 1 ? `every ${unit}` : `every ${best} ${unit}s`;
};

/** Splits off the run of times: `weekdays at 7:00 , 16:00` → what is left and the times. */
const splitTimes = (phrase: string): { readonly rest: string; readonly times: readonly string[] } | null => {
  const tokens = phrase.split(" ");
  const first = tokens.findIndex((token) => TIME.test(token));
  const last = tokens.findLastIndex((token) => TIME.test(token));
  if (first < 0) return null;
  const run = tokens.slice(first, last + 1);
  if (run.some((token) => !TIME.test(token) && token !== "," && token !== "and" && token !== "at")) return null;
  const lead = tokens.slice(0, first).filter((token) => token !== "at");
  // "weekdays, 07:00" leaves its comma behind.
  if (lead.at(-1) === ",") lead.pop();
  return { rest: [...lead, ...tokens.slice(last + 1)].join(" "), times: run.filter((token) => TIME.test(token)) };
};

const atTimes = (times: readonly string[], days: string): CronLines => {
  const hoursByMinute = new Map<number, Set<number>>();
  for (const time of times) {
    const [hour = 0, minute = 0] = time.split(":").map(Number);
    hoursByMinute.set(minute, (hoursByMinute.get(minute) ?? new Set()).add(hour));
  }
  return { lines: [...hoursByMinute].map(([minute, hours]) => `${minute} ${[...hours].join(",")} ${days}`) };
};

/** Words → cron lines, or a mistake that names what was read and the nearest understood form. */
export const readWords = (text: string): CronLines | Mistake => {
  const phrase = normalise(text);
  if (/\d:\d{2}:\d{2}/.test(phrase)) return notUnderstood(text, ": times have hours and minutes, no seconds");
  const every = repeated(text, phrase);
  if (every !== null) return every;
  const split = splitTimes(phrase);
  if (split === null) return notUnderstood(text, dayFields(phrase) === null ? "" : ": it names no time of day");
  const odd = split.times.find((time) => !/^([01]?\d|2[0-3]):[0-5]\d$/.test(time));
  if (odd !== undefined) return { mistake: `"${text}": ${odd} is no time of day; write 00:00 to 23:59.` };
  const days = dayFields(split.rest);
  return days === null
    ? notUnderstood(text, split.rest === "" ? ": it names no days" : "")
    : atTimes(split.times, days);
};

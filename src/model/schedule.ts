/** What happens to an occurrence that falls on a holiday or on one of the company's free days. */
export type HolidayPolicy = "skip" | "next-working-day" | "send";

/** When a report is due. Plain data: `schedule/cron.ts` reads `at`, `schedule/plan.ts` decides. */
export interface Schedule {
  /** Words (`weekdays 07:00`, `monday and thursday 06:30`, `first working day of the month 08:00`) or a cron expression of five fields. */
  readonly at: string;
  /** IANA zone; `null`: each recipient's own. */
  readonly zone: string | null;
  /** Name of a calendar of the configuration; `null`: none. */
  readonly calendar: string | null;
  readonly holidays: HolidayPolicy;
  /** First and last calendar date, inclusive, `YYYY-MM-DD` in the slot's zone; `null`: open. */
  readonly start: string | null;
  readonly end: string | null;
  /** How long after its time a missed slot is still made, in milliseconds. */
  readonly catchUpWithinMs: number;
}

/** The free days that a calendar knows: ISO dates (`2026-12-25`) with the day's name. Weekends are not holidays. */
export type Holidays = ReadonlyMap<string, string>;

/** Why a text can't be used: a sentence that names what was read and what would be understood. */
export interface Mistake {
  readonly mistake: string;
}

/** The days of the month that a schedule names. */
export interface MonthDays {
  readonly days: readonly number[];
  /** `L`: the last day, whatever its number. */
  readonly last: boolean;
  /** `15W`: the weekday nearest to that day, inside its month; `1W` is the first working day. */
  readonly nearest: readonly number[];
  /** `LW`: the last weekday of the month. */
  readonly lastWeekday: boolean;
}

/** The days of the week that a schedule names, 0 = Sunday. */
export interface WeekDays {
  readonly days: readonly number[];
  /** `1#2`: the second Monday of the month. */
  readonly nth: readonly { readonly day: number; readonly nth: number }[];
  /** `5L`: the last Friday of the month. */
  readonly last: readonly number[];
}

/** A schedule that was read: plain data, so that plans and pages can be handed it. */
export interface CronExpression {
  /** The text it was read from. */
  readonly at: string;
  /** Minutes after midnight, ascending, each once. */
  readonly times: readonly number[];
  /** True when the hours are a wildcard or a step: then elapsed time counts on the night the clocks change. */
  readonly elapsed: boolean;
  /** 1 = January. */
  readonly months: readonly number[];
  /** `null`: every day of the month. */
  readonly monthDays: MonthDays | null;
  /** `null`: every day of the week. */
  readonly weekDays: WeekDays | null;
  /** When both day rules are given: must a date fit either of them or both? */
  readonly fit: "either" | "both";
}

/** A schedule with its `at` read and its zone apart: what `schedule/plan.ts` decides on. */
export interface ReadSchedule extends Omit<Schedule, "at" | "zone" | "calendar"> {
  readonly expression: CronExpression;
}

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

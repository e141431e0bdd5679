import { instantOf, Temporal } from "#model/time.ts";

/** A calendar day as the count of days since 1970-01-01: cheap to seed, compare and subtract. */
export type Day = number;

const epoch = Temporal.PlainDate.from("1970-01-01");

/** `YYYY-MM-DD` → day; a date that does not exist is refused with a RangeError. */
export const dayOf = (iso: string): Day => {
  const date = Temporal.PlainDate.from(iso, { overflow: "reject" });
  return epoch.until(date, { largestUnit: "days" }).days;
};

/** Day → `YYYY-MM-DD`. */
export const isoOf = (day: Day): string => epoch.add({ days: day }).toString();

/** 0 for Sunday to 6 for Saturday. */
export const weekdayOf = (day: Day): number => (((day + 4) % 7) + 7) % 7;

/** The date in Berlin at this moment; the trading company keeps its books there. */
export const todayInBerlin = (): Day =>
  dayOf(instantOf(Date.now()).toZonedDateTimeISO("Europe/Berlin").toPlainDate().toString());

import { dateFormat } from "#compose/plan/words/formats.ts";
import { Temporal } from "#model/time.ts";

/** How a date or time is written: `Thu 19 Nov`, `Thursday 19 November`, `Thursday 19 November 2026`, `07:00`. */
export type DateStyle = "short" | "long" | "full" | "time";

const options: Readonly<Record<DateStyle, Intl.DateTimeFormatOptions>> = {
  short: { weekday: "short", day: "numeric", month: "short" },
  long: { weekday: "long", day: "numeric", month: "long" },
  full: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  time: { timeStyle: "short" },
};

/** Where and for whom a date is written. */
export interface DatePlace {
  readonly locale: string;
  readonly zone: string;
  readonly style: DateStyle;
}

/** An instant as the recipient reads it, in their locale and zone. */
export const inWords = (instant: Temporal.Instant, { locale, zone, style }: DatePlace): string => {
  const text = dateFormat(locale, { ...options[style], timeZone: zone }).format(instant.epochMilliseconds);
  // The comma after the weekday (`Thu, 19 Nov`) costs a character of the subject and says nothing.
  return style === "short" ? text.replace(/^([^\s,]+),/, "$1") : text;
};

/** A calendar date `YYYY-MM-DD` as the recipient reads it. */
export const dateInWords = (date: string, place: Omit<DatePlace, "zone">): string =>
  inWords(Temporal.Instant.from(`${date}T12:00:00Z`), { ...place, zone: "UTC" });

/** The calendar date of an instant in a zone, `YYYY-MM-DD`. */
export const dateIn = (instant: Temporal.Instant, zone: string): string =>
  instant.toZonedDateTimeISO(zone).toPlainDate().toString();

/**
 * The data's own date as a report server or probe gave it: an ISO date or instant is written in the reader's way, a database's
 * `2026-11-18 23:59:00` as the date that it names, anything else stays as it is.
 */
export const asOfInWords = (text: string, place: Omit<DatePlace, "style">): string => {
  const trimmed = text.trim();
  const instant = readInstant(trimmed);
  if (instant !== null) {
    return `${inWords(instant, { ...place, style: "long" })}, ${inWords(instant, { ...place, style: "time" })}`;
  }
  const date = readDate(trimmed);
  return date === null ? trimmed : dateInWords(date, { locale: place.locale, style: "long" });
};

/** The day alone of the data's own date, or `null` where it is no date. */
export const asOfDay = (text: string, place: Omit<DatePlace, "style">): string | null => {
  const instant = readInstant(text.trim());
  if (instant !== null) return inWords(instant, { ...place, style: "long" });
  const date = readDate(text.trim());
  return date === null ? null : dateInWords(date, { locale: place.locale, style: "long" });
};

const readInstant = (text: string): Temporal.Instant | null => {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return null;
  try {
    return Temporal.Instant.from(text);
  } catch {
    return null;
  }
};

const readDate = (text: string): string | null => {
  try {
    return /^\d{4}-\d\d-\d\d/.test(text) ? Temporal.PlainDate.from(text.slice(0, 10)).toString() : null;
  } catch {
    return null;
  }
};

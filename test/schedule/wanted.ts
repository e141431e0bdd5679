import type { CronExpression } from "#model/schedule.ts";
import { Temporal } from "#model/time.ts";
import { occurrences, readSchedule } from "#schedule/cron.ts";

/** The expression of a text that must be readable. */
export const expressionOf = (at: string): CronExpression => {
  const read = readSchedule(at);
  if ("mistake" in read) throw new Error(read.mistake);
  return read;
};

/** The mistake of a text that must not be readable. */
export const mistakeOf = (at: string): string => {
  const read = readSchedule(at);
  if ("mistake" in read) return read.mistake;
  throw new Error(`"${at}" was read`);
};

/** Local time (`2026-03-29T02:30`) in a zone → instant. */
export const at = (local: string, zone: string): Temporal.Instant =>
  Temporal.PlainDateTime.from(local).toZonedDateTime(zone).toInstant();

/** Instant → local time with its offset: `2026-03-29T03:00+02:00`. */
export const localOf = (instant: Temporal.Instant, zone: string): string =>
  instant.toZonedDateTimeISO(zone).toString({ smallestUnit: "minute", timeZoneName: "never" });

/** Every occurrence on the local dates `first` to `last`, both inclusive, as local times with offsets. */
export const localTimes = (text: string, zone: string, [first, last]: readonly [string, string]): readonly string[] => {
  const from = Temporal.PlainDate.from(first).toZonedDateTime(zone).toInstant();
  const to = Temporal.PlainDate.from(last).add({ days: 1 }).toZonedDateTime(zone).toInstant();
  const span = { after: from.subtract({ milliseconds: 1 }), until: to.subtract({ milliseconds: 1 }), limit: 10_000 };
  return occurrences(expressionOf(text), zone, span).map((instant) => localOf(instant, zone));
};

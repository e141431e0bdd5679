/**
 * The one place that names the Temporal polyfill. When the pinned Node has Temporal built in, this file is all that changes.
 * Only its types and arithmetic are used: what the time *is* comes from `runtime/clock.ts`, never from `Temporal.Now`.
 */
import { Temporal } from "temporal-polyfill";

export { Temporal };

/** Milliseconds since the epoch → instant. */
export const instantOf = (epochMs: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(epochMs);

/** Whole milliseconds from `a` to `b`; negative when `b` is earlier. */
export const msBetween = (a: Temporal.Instant, b: Temporal.Instant): number =>
  b.epochMilliseconds - a.epochMilliseconds;

/** The instant `ms` milliseconds after `instant`. */
export const later = (instant: Temporal.Instant, ms: number): Temporal.Instant =>
  instantOf(instant.epochMilliseconds + ms);

/** True when `a` lies before `b`. */
export const before = (a: Temporal.Instant, b: Temporal.Instant): boolean => Temporal.Instant.compare(a, b) < 0;

/** True when `zone` is an IANA time zone that this runtime knows (`Europe/Berlin`); offsets (`+02:00`) and whole times, which name one, are refused. */
export const isZone = (zone: string): boolean => {
  if (!/^[A-Za-z][\w+/-]*$/.test(zone)) return false;
  try {
    instantOf(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
};

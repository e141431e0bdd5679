import { instantOf, msBetween, Temporal } from "#model/time.ts";

/** The headers of an answer that says when to come back, as they stand; `null`: it has none of this name. */
export interface RestHeaders {
  readonly retryAfter: string | null;
  readonly rateLimitReset: string | null;
  readonly date: string | null;
}

/** Nobody is left alone longer for a header that says so: a wrong clock over there must not stop a week of mornings. */
const longestMs = 86_400_000;

/**
 * How long a service asked to be left alone, in milliseconds; `null`: it didn't say. An instant that it names is measured by its own
 * clock, where it tells the time, since a wrong clock on either side would make us come too early.
 */
export const retryAfterOf = (headers: RestHeaders, now: Temporal.Instant): number | null => {
  const asked = secondsOf(headers.retryAfter) ?? untilOf(headers, now);
  return asked === null ? null : Math.min(longestMs, Math.max(0, asked));
};

const secondsOf = (text: string | null): number | null => {
  const [, seconds] = /^\s*(\d{1,9})\s*$/.exec(text ?? "") ?? [];
  return seconds === undefined ? null : Number(seconds) * 1_000;
};

const untilOf = ({ retryAfter, rateLimitReset, date }: RestHeaders, now: Temporal.Instant): number | null => {
  const until = dateOf(retryAfter) ?? epochOf(rateLimitReset);
  return until === null ? null : msBetween(dateOf(date) ?? now, until);
};

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** `Wed, 21 Oct 2026 07:28:00 GMT`, the one form that RFC 9110 lets senders write. */
const dateOf = (text: string | null): Temporal.Instant | null => {
  const [, day = "", month = "", year = "", time = ""] =
    /^\s*[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT\s*$/i.exec(text ?? "") ?? [];
  const number = months.indexOf(month.toLowerCase()) + 1;
  if (number === 0) return null;
  try {
    return Temporal.Instant.from(`${year}-${String(number).padStart(2, "0")}-${day}T${time}Z`);
  } catch {
    return null;
  }
};

/** Seconds since 1970. */
const epochOf = (text: string | null): Temporal.Instant | null => {
  const [, seconds] = /^\s*(\d{9,11})\s*$/.exec(text ?? "") ?? [];
  return seconds === undefined ? null : instantOf(Number(seconds) * 1_000);
};

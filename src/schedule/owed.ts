import type { CronExpression } from "#model/schedule.ts";
import { instantOf, later, type Temporal } from "#model/time.ts";
import { FURTHEST_MS, occurrences } from "#schedule/cron.ts";
import { DAY_MS } from "#schedule/days.ts";

/** The newest occurrence of a schedule at or before an instant; `null`: there never was one. */
export const lastUntil = (
  expression: CronExpression,
  zone: string,
  until: Temporal.Instant,
): Temporal.Instant | null => {
  // Most schedules have one within days; the span grows until the rarest, a 29th of February, must be in it.
  for (let days = 2; days * DAY_MS < 4 * FURTHEST_MS; days *= 4) {
    const span = { after: later(until, -days * DAY_MS), until, limit: days * 24 * 60 };
    const last = occurrences(expression, zone, span).at(-1);
    if (last !== undefined) return last;
  }
  return null;
};

/** A schedule with its zone, and since when and until when it is one (calendar dates in the zone; `null`: open). */
export interface OwedAsk {
  readonly expression: CronExpression;
  readonly zone: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly now: Temporal.Instant;
  /** How long after its time an occurrence may still be under way. */
  readonly graceMs: number;
}

/** The newest occurrence whose work must be done by now, with its calendar date; `null`: none must. */
export const newestOwed = (ask: OwedAsk): { readonly nominal: Temporal.Instant; readonly date: string } | null => {
  const nominal = lastUntil(ask.expression, ask.zone, instantOf(ask.now.epochMilliseconds - ask.graceMs));
  if (nominal === null) return null;
  const date = nominal.toZonedDateTimeISO(ask.zone).toPlainDate().toString();
  if (ask.start !== null && date < ask.start) return null;
  return ask.end !== null && date > ask.end ? null : { nominal, date };
};

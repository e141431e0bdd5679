/**
 * Expression + zone → instants. The matching is written here, not left to a cron library. For the quarters of the hour from two to
 * three croner 11 yields nothing on the night that hour is skipped and both passes on the night it is repeated; it also reads the
 * clock while it parses. A test compares the two where no clock changes.
 *
 * The rules for such nights. A schedule with fixed hours: a time that the clocks skip is due at the first instant after the gap,
 * a time that comes twice is due the first time only. With a wildcard or a step in the hours elapsed time counts: both passes of a
 * repeated hour are due, and a skipped time is due as many minutes after the gap's start as it would have been without the change;
 * of several in one skipped hour only the first is. No instant is due twice.
 */
import type { CronExpression, Mistake } from "#model/schedule.ts";
import { instantOf, type Temporal } from "#model/time.ts";
import { DAY_MS, everFits, fitsDay, MINUTE_MS } from "#schedule/days.ts";
import { readFields } from "#schedule/fields.ts";
import { scheduleWords } from "#schedule/spoken.ts";
import { readWords } from "#schedule/words.ts";

/** The part of the time line to search: after `after`, up to and including `until`, never more than `limit` instants. */
export interface Span {
  readonly after: Temporal.Instant;
  readonly until: Temporal.Instant;
  readonly limit: number;
}

/** The same in epoch milliseconds and without a limit. */
export interface Bounds {
  readonly after: number;
  readonly until: number;
}

/** An occurrence in epoch milliseconds, and what clocks in the zone show then: milliseconds as if their time were UTC. */
export interface Occurrence {
  readonly at: number;
  readonly wall: number;
}

/** A piece of the time line with one offset between local time and UTC; `before` is the offset of the piece before. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly before: number | null;
}

/** No zone has ever changed its clocks by more than a day, so a change further back can't matter. */
const LOOK_BACK_MS = 26 * 60 * MINUTE_MS;

/** Two changes that cancel each other have never been closer: the pauses for Ramadan last four weeks. */
const STRIDE_MS = 5 * DAY_MS;

/** The 29th of February may be this far away, and a day either side (2096 to 2104). */
export const FURTHEST_MS = (8 * 366 + 2) * DAY_MS;

const looksLikeCron = (at: string): boolean => /[*?@]/.test(at) || /^[\d,/-]+ +[\d,/-]+( |$)/.test(at);

/** So long that nobody's schedule needs more, and short enough for a key of the database and to be read at once. */
const mostCharacters = 1_000;

/** Words or five cron fields → expression, or a mistake that says what was read and what would be understood. */
export const readSchedule = (at: string): CronExpression | Mistake => {
  if (at.length > mostCharacters)
    return {
      mistake: `"${at.slice(0, 80)} …" has ${at.length} characters; a schedule has ${mostCharacters} at most.`,
    };
  const text = at.trim().replace(/\s+/g, " ");
  if (text === "") return { mistake: 'The schedule is empty; write for example "weekdays 07:00".' };
  const read = looksLikeCron(text) ? { lines: [text] } : readWords(text);
  if ("mistake" in read) return read;
  const [first, ...more] = read.lines.map(readFields);
  if (first === undefined || "mistake" in first) return first ?? { mistake: `"${text}" names no time.` };
  const times = new Set(first.times);
  for (const line of more) if (!("mistake" in line)) for (const time of line.times) times.add(time);
  const expression = { ...first, at: text, times: [...times].sort((a, b) => a - b) };
  return everFits(expression) ? expression : { mistake: `"${text}" never fires: no month has such a day.` };
};

/** The schedule in words for people: `weekdays at 07:00`. */
export const describe = (expression: CronExpression): string => scheduleWords(expression);

const offsetAt = (zone: string, at: number): number =>
  Math.round(instantOf(at).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6);

/** The first whole second in (`low`, `high`] whose offset is no longer that of `low`. */
const changeBetween = (zone: string, low: number, high: number): number => {
  const offset = offsetAt(zone, low);
  let [same, other] = [Math.floor(low / 1000), Math.ceil(high / 1000)];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(zone, middle * 1000) === offset) same = middle;
    else other = middle;
  }
  return other * 1000;
};

/**
 * Pieces of constant offset that cover `from` to `to`, in order; lazily, because a search may end in the first.
 * Found by looking every few days: the polyfill's `getTimeZoneTransition` reads the clock and sees no further than some years from it.
 */
function* stretches(zone: string, from: number, to: number): Generator<Stretch> {
  let start = from;
  let before: number | null = null;
  let offset = offsetAt(zone, start);
  while (start <= to) {
    const probe = Math.min(start + STRIDE_MS, to + 1);
    const seen = offsetAt(zone, probe);
    const end = seen === offset ? probe : changeBetween(zone, start, probe);
    yield { start, end, offset, before };
    before = offset;
    offset = seen === offset ? offset : offsetAt(zone, end);
    start = end;
  }
}

/** Wall times that the expression names from `low` to `high`, both inclusive, as if there were no zones. */
function* wallTimes(expression: CronExpression, low: number, high: number): Generator<number> {
  const lastDay = Math.floor(high / DAY_MS);
  for (let day = Math.floor(low / DAY_MS); day <= lastDay; day += 1) {
    if (!fitsDay(expression, day)) continue;
    for (const time of expression.times) {
      const wall = day * DAY_MS + time * MINUTE_MS;
      if (wall > high) return;
      if (wall >= low) yield wall;
    }
  }
}

/** The instants that stand for wall times the clocks skipped when this stretch began. */
const afterGap = (expression: CronExpression, { start, offset, before }: Stretch): readonly number[] => {
  if (before === null || before >= offset) return [];
  const instants: number[] = [];
  let hour: number | null = null;
  for (const wall of wallTimes(expression, start + before, start + offset - 1)) {
    if (!expression.elapsed) return [start];
    const itsHour = Math.floor(wall / (60 * MINUTE_MS));
    if (itsHour !== hour) instants.push(wall - before);
    hour = itsHour;
  }
  return instants;
};

/** The first wall time of the stretch that counts: with fixed hours the second pass of a repeated hour doesn't. */
const firstWall = ({ elapsed }: CronExpression, { start, offset, before }: Stretch): number =>
  !elapsed && before !== null && before > offset ? start + before : start + offset;

/** The occurrences of one stretch in order, each once. */
function* within(expression: CronExpression, stretch: Stretch, { after, until }: Bounds): Generator<number> {
  const { start, end, offset } = stretch;
  const moved = afterGap(expression, stretch).filter((at) => at > after && at <= until);
  const low = Math.max(after + 1 + offset, firstWall(expression, stretch));
  const high = Math.min(until, end - 1) + offset;
  let next = 0;
  // A first wall time may lie before `start` when two changes follow each other closely; then nothing is repeated.
  for (const wall of wallTimes(expression, Math.max(low, start + offset), high)) {
    const at = wall - offset;
    while ((moved[next] ?? Number.POSITIVE_INFINITY) < at) yield moved[next++] ?? at;
    if (moved[next] === at) next += 1;
    yield at;
  }
  yield* moved.slice(next);
}

/** Every occurrence after `after` up to and including `until` (epoch milliseconds), in order and lazily. */
export function* walk(expression: CronExpression, zone: string, bounds: Bounds): Generator<Occurrence> {
  const { after, until } = bounds;
  for (const stretch of stretches(zone, after - LOOK_BACK_MS, until)) {
    if (stretch.end <= after) continue;
    for (const at of within(expression, stretch, bounds)) {
      yield { at, wall: at + stretch.offset };
    }
  }
}

/** The occurrences in a span, in order; the earliest `limit` of them when there are more. */
export const occurrences = (
  expression: CronExpression,
  zone: string,
  { after, until, limit }: Span,
): readonly Temporal.Instant[] => {
  const found: Temporal.Instant[] = [];
  const bounds = { after: after.epochMilliseconds, until: until.epochMilliseconds };
  for (const { at } of walk(expression, zone, bounds)) {
    if (found.length >= limit) break;
    found.push(instantOf(at));
  }
  return found;
};

/** The first occurrence after `instant`; `null` when there is none within eight years. */
export const nextAfter = (
  expression: CronExpression,
  zone: string,
  instant: Temporal.Instant,
): Temporal.Instant | null => {
  const after = instant.epochMilliseconds;
  for (const { at } of walk(expression, zone, { after, until: after + FURTHEST_MS })) return instantOf(at);
  return null;
};

/** The instant at which clocks in `zone` show a wall time: the first of two, or the first after a gap that skips it. */
export const instantAtWall = (zone: string, wall: number): number => {
  for (const { start, end, offset } of stretches(zone, wall - LOOK_BACK_MS, wall + LOOK_BACK_MS)) {
    if (wall < start + offset) return start;
    if (wall < end + offset) return wall - offset;
  }
  return wall;
};

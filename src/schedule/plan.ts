/** Decides which slots are due: no clock, no database. Every occurrence ends up in exactly one place, made or skipped with its reason. */
import type { Holidays, ReadSchedule } from "#model/schedule.ts";
import { instantOf, type Temporal } from "#model/time.ts";
import { type Bounds, FURTHEST_MS, type Occurrence, walk } from "#schedule/cron.ts";
import { DAY_MS, MINUTE_MS } from "#schedule/days.ts";
import { type HolidayFacts, type Judgement, judgeHolidays, type Life, lifeOf } from "#schedule/holidays.ts";
import { spokenSpan, spokenTime } from "#schedule/spoken.ts";

/** What is known when the clock ticks. */
export interface PlanFacts {
  readonly schedule: ReadSchedule;
  readonly zone: string;
  readonly holidays: Holidays;
  /** When the schedule was created or last edited: nothing fires from before it. */
  readonly knownSince: Temporal.Instant;
  /** Nominal instant of the newest slot already recorded, made or skipped; `null`: none yet. */
  readonly lastSeen: Temporal.Instant | null;
  readonly now: Temporal.Instant;
}

/** A slot to make. `nominal` is the original occurrence and its identity, `due` is later when a holiday moved it. */
export interface Planned {
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant;
  /** Why `due` isn't `nominal`, or why it is made late; `null` when there is nothing to tell. */
  readonly reason: string | null;
}

/** An occurrence that won't be made. `count` is above 1 for the one line that sums up the oldest of a very long gap, under the newest of them. */
export interface Skipped {
  readonly nominal: Temporal.Instant;
  readonly reason: string;
  readonly count: number;
}

/** Both lists in the order of their nominal instants. Record them in one transaction: `lastSeen` must never pass one that isn't recorded. */
export interface SlotPlan {
  readonly make: readonly Planned[];
  readonly skip: readonly Skipped[];
}

/** The next occurrences asked for, for previews. */
export interface UpcomingFacts extends Omit<PlanFacts, "knownSince" | "lastSeen"> {
  /** `null`: as if the schedule had always been known. */
  readonly knownSince: Temporal.Instant | null;
  readonly count: number;
}

/** One line of a preview; `due` is `null` when the occurrence will be skipped. */
export interface Upcoming {
  readonly nominal: Temporal.Instant;
  readonly due: Temporal.Instant | null;
  readonly reason: string | null;
}

/** A year's gap would otherwise write a hundred thousand rows for a schedule of every five minutes. */
const MOST_SINGLE_SKIPS = 50;

/** A tick is always a little late; less than this is on time, even where `catchUpWithinMs` is 0. */
const ON_TIME_MS = 2 * MINUTE_MS;

/** An occurrence in epoch milliseconds; `reason` is what a holiday did to it, `null` when it simply came. */
interface Candidate {
  readonly nominal: number;
  readonly due: number;
  readonly reason: string | null;
}

/** Losses are put into words only when they are listed. The oldest beyond the limit are counted. */
interface Losses {
  readonly listed: Candidate[];
  counted: number;
  first: number;
  last: number;
}

const lose = (losses: Losses, loss: Candidate): void => {
  losses.listed.push(loss);
  if (losses.listed.length <= MOST_SINGLE_SKIPS) return;
  const oldest = losses.listed.shift();
  if (oldest === undefined) return;
  losses.counted += 1;
  losses.first = Math.min(losses.first, oldest.nominal);
  losses.last = Math.max(losses.last, oldest.nominal);
};

/** What a walk over the time since the last tick found. */
interface Found {
  /** Moved by a holiday to a time that is still to come: made now, due then. */
  readonly ahead: Candidate[];
  /** The newest that is due; `null` when none is. */
  readonly newest: Candidate | null;
  readonly losses: Losses;
}

/** Start and end dates lie in the zone, so a day on either side holds every instant of theirs. */
const boundsOf = (life: Life, after: number, until: number): Bounds => ({
  after: Math.max(after, (life.first - 2) * DAY_MS),
  until: Math.min(until, (life.last + 2) * DAY_MS),
});

/** Occurrences within the schedule's start and end dates, with what holidays do to them. */
function* judged(facts: HolidayFacts, after: number, until: number): Generator<Occurrence & Judgement> {
  const life = lifeOf(facts.schedule);
  const judge = judgeHolidays(facts);
  for (const occurrence of walk(facts.schedule.expression, facts.zone, boundsOf(life, after, until))) {
    const day = Math.floor(occurrence.wall / DAY_MS);
    if (day >= life.first && day <= life.last) yield { ...occurrence, ...judge(occurrence) };
  }
}

const find = (facts: HolidayFacts, after: number, now: number): Found => {
  const losses: Losses = { listed: [], counted: 0, first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  const ahead: Candidate[] = [];
  let newest: Candidate | null = null;
  for (const { at, due, reason } of judged(facts, after, now)) {
    const candidate = { nominal: at, due: due ?? at, reason };
    if (due === null) lose(losses, candidate);
    else if (due > now) ahead.push(candidate);
    else if (newest !== null && newest.due > due) lose(losses, { ...candidate, reason: null });
    else {
      if (newest !== null) lose(losses, { ...newest, reason: null });
      newest = candidate;
    }
  }
  return { ahead, newest, losses };
};

/** Sentences about what was missed, naming the times. */
const missedReason = (facts: PlanFacts, lost: Candidate, made: Candidate | null): string => {
  const { zone, now, schedule } = facts;
  const seen = spokenTime(now.epochMilliseconds, zone);
  const missed = `Missed: it was due ${spokenTime(lost.due, zone)} and first looked at ${seen}`;
  if (made !== null) return `${missed}; the newer one of ${spokenTime(made.due, zone)} is made instead.`;
  const late = spokenSpan(now.epochMilliseconds - lost.due);
  return `${missed}, ${late} later; only the last ${spokenSpan(schedule.catchUpWithinMs)} are made up for.`;
};

const lateReason = (facts: PlanFacts, { due, reason }: Candidate): string | null => {
  const late = facts.now.epochMilliseconds - due;
  if (late <= ON_TIME_MS) return reason;
  const made = `Made up for ${spokenSpan(late)} late: it was due ${spokenTime(due, facts.zone)}.`;
  return reason === null ? made : `${reason} ${made}`;
};

const summedUp = (facts: PlanFacts, { counted, first, last }: Losses): Skipped => ({
  nominal: instantOf(last),
  count: counted,
  reason:
    `${counted} occurrences from ${spokenTime(first, facts.zone)} to ${spokenTime(last, facts.zone)} were missed or fell on ` +
    `free days; first looked at ${spokenTime(facts.now.epochMilliseconds, facts.zone)}.`,
});

const planned = ({ nominal, due }: Candidate, reason: string | null): Planned => ({
  nominal: instantOf(nominal),
  due: instantOf(due),
  reason,
});

const inOrder = (candidates: readonly Candidate[]): readonly Candidate[] =>
  [...candidates].sort((a, b) => a.nominal - b.nominal);

/**
 * Slots to make and to skip at `now`. After downtime the newest one due within `catchUpWithinMs` is made and the others are
 * skipped; a clock that runs behind `lastSeen` yields nothing.
 */
export const planSlots = (facts: PlanFacts): SlotPlan => {
  const knownSince = facts.knownSince.epochMilliseconds;
  const now = facts.now.epochMilliseconds;
  const after = Math.max(knownSince, facts.lastSeen?.epochMilliseconds ?? knownSince);
  if (now <= after) return { make: [], skip: [] };
  const { ahead, newest, losses } = find({ ...facts, knownSince }, after, now);
  const inTime = newest !== null && now - newest.due <= Math.max(facts.schedule.catchUpWithinMs, ON_TIME_MS);
  const made = inTime ? newest : null;
  if (!inTime && newest !== null) lose(losses, { ...newest, reason: null });
  const single = inOrder(losses.listed).map((loss) => ({
    nominal: instantOf(loss.nominal),
    reason: loss.reason ?? missedReason(facts, loss, made),
    count: 1,
  }));
  return {
    make: inOrder(made === null ? ahead : [...ahead, made]).map((each) =>
      planned(each, each === made ? lateReason(facts, each) : each.reason),
    ),
    skip: losses.counted === 0 ? single : [summedUp(facts, losses), ...single],
  };
};

/** The next `count` occurrences after `now`, at least one, also those that a holiday will move or skip, with the reason. */
export const upcoming = (facts: UpcomingFacts): readonly Upcoming[] => {
  const now = facts.now.epochMilliseconds;
  const knownSince = facts.knownSince?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;
  const { first } = lifeOf(facts.schedule);
  const until = Math.max(now, first * DAY_MS) + FURTHEST_MS;
  const found: Upcoming[] = [];
  for (const { at, due, reason } of judged({ ...facts, knownSince }, now, until)) {
    found.push({ nominal: instantOf(at), due: due === null ? null : instantOf(due), reason });
    if (found.length >= facts.count) break;
  }
  return found;
};

/** The rule of retention: which verified archives stand for which days, weeks and months. Ages count from the newest of them. */
import { dateOf, dayOf, monthOf, weekOf } from "#backup/plan/days.ts";
import type { KeepReason } from "#backup/plan/reasons.ts";
import type { Archive, Retention } from "#model/backup.ts";

/** So many of the newest stay whatever the policy says. */
export const floor = 3;

/** An archive with its date as a day number. */
export interface Dated<A extends Archive = Archive> {
  readonly archive: A;
  readonly day: number;
  readonly madeMs: number;
}

/** Archives with their dates, newest first; of one date the last made is the newest. */
export const datedNewestFirst = <A extends Archive>(archives: readonly A[]): readonly Dated<A>[] =>
  archives
    .map((archive) => ({ archive, day: dayOf(archive.date), madeMs: archive.madeAt.epochMilliseconds }))
    .sort((a, b) => b.day - a.day || b.madeMs - a.madeMs || (a.archive.key < b.archive.key ? 1 : -1));

/** Of each date the last made, newest first: a loop of retries must not fill the policy with one day. */
export const lastOfEachDay = <A extends Archive>(newestFirst: readonly Dated<A>[]): readonly Dated<A>[] =>
  newestFirst.filter(({ day }, at) => newestFirst[at - 1]?.day !== day);

/** What the policy wants one archive for: a day, a week or a month that is in its window. */
export interface Period {
  readonly kind: "day" | "week" | "month";
  /** Its first day. */
  readonly first: number;
  /** The same for all archives of the period, and for no other period. */
  readonly id: number;
}

/** The periods that an archive belongs to and that the policy keeps something of, when `anchor` is the newest day. */
export const periodsOf = ({ archive, day }: Dated, anchor: number, retention: Retention): readonly Period[] => {
  const { dailyDays, weekday, weeklyDays, monthlyDays, monthDay } = retention;
  const periods: Period[] = [];
  if (day > anchor - dailyDays) periods.push({ kind: "day", first: day, id: day * 3 });
  if (weekday !== null) {
    const first = weekOf(day, weekday);
    if (first > anchor - weeklyDays) periods.push({ kind: "week", first, id: first * 3 + 1 });
  }
  const first = monthOf(archive.date, monthDay);
  if (monthlyDays === null || first > anchor - monthlyDays) periods.push({ kind: "month", first, id: first * 3 + 2 });
  return periods;
};

/**
 * Why verified archives are kept, by key; who isn't named isn't kept. A day is stood for by its last archive, a week and a month by
 * their earliest: so a missing Sunday or day 01 promotes the next one by itself, and whoever stands for a period goes on doing so.
 */
export const keptByPolicy = (
  verified: readonly Dated[],
  retention: Retention,
): ReadonlyMap<string, readonly KeepReason[]> => {
  const kept = new Map<string, KeepReason[]>();
  const keep = ({ archive }: Dated, reason: KeepReason): void => {
    const reasons = kept.get(archive.key);
    if (reasons === undefined) kept.set(archive.key, [reason]);
    else if (!reasons.some(({ rule }) => rule === reason.rule)) reasons.push(reason);
  };
  const days = lastOfEachDay(verified);
  const anchor = days[0]?.day ?? 0;
  for (const [at, one] of days.slice(0, floor).entries()) keep(one, { rule: "newest", nth: at + 1 });
  for (const [at, one] of verified.slice(0, floor).entries()) keep(one, { rule: "newest", nth: at + 1 });
  const taken = new Set<number>();
  // From the oldest on, so that the first one met of a period is its earliest.
  for (const one of days.toReversed()) {
    for (const period of periodsOf(one, anchor, retention)) {
      if (taken.has(period.id)) continue;
      taken.add(period.id);
      keep(one, reasonOf(period, one, anchor));
    }
  }
  return kept;
};

const reasonOf = ({ kind, first }: Period, { day }: Dated, anchor: number): KeepReason => {
  switch (kind) {
    case "day":
      return { rule: "daily", nth: anchor - day + 1 };
    case "week":
      return { rule: "weekly", week: dateOf(first), instead: day !== first };
    case "month":
      return { rule: "monthly", month: dateOf(first), instead: day !== first };
  }
};

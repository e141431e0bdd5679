/** The rule of retention once more, told naively and with other means than the plan's: what the plan is compared with. */
import type { RotationFacts } from "#backup/plan.ts";
import type { Archive, Retention } from "#model/backup.ts";

/** Day number of a date. */
export const dayOfDate = (date: string): number => {
  const known = days.get(date);
  if (known !== undefined) return known;
  const day = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10))) / 86_400_000;
  days.set(date, day);
  return day;
};
const days = new Map<string, number>();

/** The date of a day number. */
export const dateOfDay = (day: number): string => {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
  dates.set(day, date);
  return date;
};
const dates = new Map<number, string>();

/** First days of the day, week and month that a day is in, each `null` where its policy keeps none of that kind so old. */
export const windowsOf = (day: number, anchor: number, policy: Retention): readonly (string | null)[] => {
  const { dailyDays, weekday, weeklyDays, monthlyDays, monthDay } = policy;
  let month = day;
  while (Number(dateOfDay(month).slice(8)) !== monthDay) month -= 1;
  let week = day;
  // 1970-01-01 was a Thursday.
  while (weekday !== null && ((week + 3) % 7) + 1 !== weekday) week -= 1;
  return [
    anchor - day < dailyDays ? `d${day}` : null,
    weekday !== null && anchor - week < weeklyDays ? `w${week}` : null,
    monthlyDays === null || anchor - month < monthlyDays ? `m${month}` : null,
  ];
};

/** What counts as a verified archive. */
export const isGood = ({ key, state }: Archive, { listing }: RotationFacts): boolean =>
  state === "verified" && listing.archives.has(key) && listing.manifests.has(key);

/** Verified archives, newest first. */
export const goodOnes = (facts: RotationFacts): readonly Archive[] =>
  facts.archives
    .filter((one) => isGood(one, facts))
    .sort((a, b) => {
      if (a.date !== b.date) return a.date < b.date ? 1 : -1;
      const made = b.madeAt.epochMilliseconds - a.madeAt.epochMilliseconds;
      if (made !== 0) return made;
      return a.key < b.key ? 1 : -1;
    });

/** Keys of the verified archives that stay. */
export const keptByModel = (facts: RotationFacts): ReadonlySet<string> => {
  const good = goodOnes(facts);
  const perDay = good.filter((one, at) => good.findIndex(({ date }) => date === one.date) === at);
  const anchor = dayOfDate(good[0]?.date ?? "1970-01-01");
  const kept = new Set([...good.slice(0, 3), ...perDay.slice(0, 3)].map(({ key }) => key));
  const earliest = new Map<string, string>();
  for (const { key, date } of perDay) {
    // Newest first, so the last one written for a period is its earliest.
    for (const window of windowsOf(dayOfDate(date), anchor, facts.retention))
      if (window !== null) earliest.set(window, key);
  }
  for (const key of earliest.values()) kept.add(key);
  for (const { key, pin, lockedUntil } of good) {
    const isLocked = lockedUntil !== null && lockedUntil.epochMilliseconds > facts.now.epochMilliseconds;
    if (pin !== null || isLocked || key === facts.thisRun) kept.add(key);
  }
  return kept;
};

/** True when nothing may be removed, by each rail in turn. */
export const mustRefuse = (facts: RotationFacts, removing: number): boolean => {
  const good = goodOnes(facts);
  const newest = good[0];
  if (newest === undefined) return true;
  const anchor = dayOfDate(newest.date);
  const { thisRun, owed, now, serverNow, archives, listing, allowDelete } = facts;
  if (thisRun !== null && !good.some(({ key }) => key === thisRun)) return true;
  if (owed !== null && newest.date < owed) return true;
  if (serverNow !== null && Math.abs(serverNow.epochMilliseconds - now.epochMilliseconds) > 300_000) return true;
  if (anchor * 24 - now.epochMilliseconds / 3_600_000 > 26) return true;
  if (archives.some(({ key }) => !listing.archives.has(key))) return true;
  if (archives.some(({ key, state }) => state === "verified" && !listing.manifests.has(key))) return true;
  if (facts.unreadable.length > 0) return true;
  if (removing > Math.max(3, good.length / 5, allowDelete ?? 0)) return true;
  return removing > 0 && !facts.confirmed && isShorter(facts.approved, facts.retention);
};

const isShorter = (before: Retention | null, after: Retention): boolean => {
  if (before === null) return true;
  const forEver = (count: number | null): number => count ?? Infinity;
  return (
    after.dailyDays < before.dailyDays ||
    (before.weekday !== null &&
      before.weeklyDays > 0 &&
      (after.weekday !== before.weekday || after.weeklyDays < before.weeklyDays)) ||
    (forEver(before.monthlyDays) > 0 &&
      (after.monthDay !== before.monthDay || forEver(after.monthlyDays) < forEver(before.monthlyDays)))
  );
};

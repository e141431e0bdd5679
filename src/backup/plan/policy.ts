/** What can be said of a retention by itself. */
import type { Retention } from "#model/backup.ts";

/** True when a retention keeps nothing by a rule of its own: only the floor would be left. */
export const keepsNothing = ({ dailyDays, weeklyDays, weekday, monthlyDays }: Retention): boolean =>
  dailyDays <= 0 && (weekday === null || weeklyDays <= 0) && monthlyDays !== null && monthlyDays <= 0;

/** True when `next` keeps all that `last` kept, whatever the archives: nobody has to be asked before it is applied. */
export const keepsAllOf = (last: Retention, next: Retention): boolean =>
  next.dailyDays >= last.dailyDays && keepsWeeks(last, next) && keepsMonths(last, next);

const keepsWeeks = (last: Retention, next: Retention): boolean =>
  last.weekday === null ||
  last.weeklyDays <= 0 ||
  (next.weekday === last.weekday && next.weeklyDays >= last.weeklyDays);

const keepsMonths = (last: Retention, next: Retention): boolean => {
  if (last.monthlyDays !== null && last.monthlyDays <= 0) return true;
  if (next.monthDay !== last.monthDay) return false;
  if (next.monthlyDays === null) return true;
  return last.monthlyDays !== null && next.monthlyDays >= last.monthlyDays;
};

const days = (count: number): string => (count === 1 ? "1 day" : `${count} days`);

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** A retention in words: `daily for 14 days, weekly (Sunday) for 180 days, monthly (day 1) for ever`. */
export const retentionInWords = ({ dailyDays, weeklyDays, weekday, monthlyDays, monthDay }: Retention): string => {
  const monthly = monthlyDays === null ? "for ever" : `for ${days(monthlyDays)}`;
  return [
    ...(dailyDays > 0 ? [`daily for ${days(dailyDays)}`] : []),
    ...(weekday !== null && weeklyDays > 0
      ? [`weekly (${weekdays[weekday - 1] ?? weekday}) for ${days(weeklyDays)}`]
      : []),
    ...(monthlyDays === null || monthlyDays > 0 ? [`monthly (day ${monthDay}) ${monthly}`] : []),
  ].join(", ");
};

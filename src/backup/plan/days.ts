/** Calendar arithmetic on whole days: retention knows dates and no hours, so no change of clocks can shift it. */

/** Day number, 1970-01-01 = 0. Own arithmetic: a rotation looks at thousands of dates, and Temporal's cost fifty times as much. */
const dayNumber = (year: number, month: number, day: number): number => {
  // A year that begins in March ends with its leap day, so the months before it have fixed lengths.
  const years = month <= 2 ? year - 1 : year;
  const cycle = Math.floor(years / 400);
  const yearOfCycle = years - cycle * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfCycle = yearOfCycle * 365 + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100) + dayOfYear;
  return cycle * 146_097 + dayOfCycle - 719_468;
};

/** Day number of a date, 1970-01-01 = 0. */
export const dayOf = (date: string): number =>
  dayNumber(Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10)));

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;

/** First day of the week that a day is in, for weeks that begin on `weekday` (1 = Monday … 7 = Sunday). */
export const weekOf = (day: number, weekday: number): number => {
  const isoWeekday = ((((day + 3) % 7) + 7) % 7) + 1;
  return day - ((isoWeekday - weekday + 7) % 7);
};

/** First day of the month that a date is in, for months that begin on `monthDay`. */
export const monthOf = (date: string, monthDay: number): number => {
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))];
  if (day >= monthDay) return dayNumber(year, month, monthDay);
  return month === 1 ? dayNumber(year - 1, 12, monthDay) : dayNumber(year, month - 1, monthDay);
};

const two = (value: number): string => String(value).padStart(2, "0");

/** The date of a day number. */
export const dateOf = (day: number): string => {
  const sinceMarch = day + 719_468;
  const cycle = Math.floor(sinceMarch / 146_097);
  const dayOfCycle = sinceMarch - cycle * 146_097;
  const leaps = Math.floor(dayOfCycle / 1460) - Math.floor(dayOfCycle / 36_524) + Math.floor(dayOfCycle / 146_096);
  const yearOfCycle = Math.floor((dayOfCycle - leaps) / 365);
  const dayOfYear = dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1)}`;
};

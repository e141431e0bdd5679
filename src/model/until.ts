import { before, later, Temporal } from "#model/time.ts";

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time as an operator types it, from `now` in a zone: `90m`, `2h`, `1d`; `08:30`, which is the next such time; `2026-11-23` or
 * `2026-11-23 08:30`; an instant with its offset. `null`: it can't be read, or lies in the past.
 */
export const readUntil = (text: string, now: Temporal.Instant, zone: string): Temporal.Instant | null => {
  const until = readAny(text.trim(), now, zone);
  return until !== null && before(now, until) ? until : null;
};

const readAny = (text: string, now: Temporal.Instant, zone: string): Temporal.Instant | null => {
  const [, count = "", unit = ""] = /^(\d{1,6})\s*([mhd])$/.exec(text) ?? [];
  if (unit !== "") return later(now, Number(count) * (units[unit] ?? 0));
  try {
    if (/^\d{1,2}:\d{2}$/.test(text)) return nextTime(text.padStart(5, "0"), now, zone);
    if (/[zZ\]]$|[+-]\d{2}:?\d{2}$/.test(text) && text.includes(":"))
      return Temporal.Instant.from(text.replace(" ", "T"));
    return Temporal.PlainDateTime.from(text.replace(" ", "T")).toZonedDateTime(zone).toInstant();
  } catch {
    return null;
  }
};

const nextTime = (text: string, now: Temporal.Instant, zone: string): Temporal.Instant => {
  const today = now.toZonedDateTimeISO(zone).toPlainDate();
  const time = Temporal.PlainTime.from(text);
  const at = (day: Temporal.PlainDate) => day.toPlainDateTime(time).toZonedDateTime(zone).toInstant();
  return before(now, at(today)) ? at(today) : at(today.add({ days: 1 }));
};

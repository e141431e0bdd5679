/** Free days of a calendar: a country's public holidays, the company's own days, and the days on which it works all the same. */
import { Fault } from "#model/fault.ts";
import { nearest } from "#model/nearest.ts";
import type { Holidays } from "#model/schedule.ts";
import type { Temporal } from "#model/time.ts";
import { DAY_MS, dayNumberOf, dayOfIso, isoOf } from "#schedule/days.ts";

/** A calendar as the configuration has it. Dates are `2026-12-24`, or `12-24` for every year. */
export interface Calendar {
  /** ISO 3166 code (`DE`); `null`: the company's own days only. */
  readonly country: string | null;
  /** State (`BY`), or state and region (`BY-A`), as the country counts them; `null`: what the whole country keeps. */
  readonly region: string | null;
  /** The company's own free days with their names. */
  readonly days: Readonly<Record<string, string>>;
  /** Days that are not free although the country or `days` says so. */
  readonly except: readonly string[];
}

/** First and last year, both inclusive. */
export interface Years {
  readonly from: number;
  readonly to: number;
}

/** The library weighs 1.7 MB and 100 ms, so it is loaded when a calendar first names a country. */
const loadLibrary = async () => (await import("date-holidays")).default;

type Library = InstanceType<Awaited<ReturnType<typeof loadLibrary>>>;
type Day = readonly [date: string, name: string];
type Names = Readonly<Record<string, string>>;

const unknown = (what: string, written: string, known: Names): Fault => {
  const codes = Object.entries(known).map(([code, name]) => `${code} (${name})`);
  const byCode = nearest(written, Object.keys(known));
  const byName = nearest(written, Object.values(known));
  // A short word is meant as a code, a long one as a name.
  const meant = codes.find((each) =>
    written.length <= 3 ? each.startsWith(`${byCode} (`) : each.endsWith(` (${byName})`),
  );
  const few = codes.length > 0 && codes.length <= 60 ? ` Known: ${codes.join(", ")}.` : "";
  return new Fault("config.invalid", `The calendar's ${what} "${written}" is unknown.`, {
    hint: meant === undefined ? `Leave "${what}" out: there are none here.` : `Did you mean ${meant}?${few}`,
  });
};

/** The code as the library writes it, whatever the case; throws when it has none such. */
const codeOf = (what: string, written: string, known: Names | undefined): string => {
  const code = Object.keys(known ?? {}).find((each) => each.toLowerCase() === written.toLowerCase());
  if (code === undefined) throw unknown(what, written, known ?? {});
  return code;
};

const openLibrary = async (country: string, region: string | null): Promise<Library> => {
  const DateHolidays = await loadLibrary();
  const atlas = new DateHolidays();
  const code = codeOf("country", country, atlas.getCountries("en"));
  // English first, because reasons are English; then whatever the country calls the day.
  const options = { types: ["public" as const], languages: ["en", ...atlas.getLanguages()] };
  if (region === null) return new DateHolidays(code, options);
  const [stateWritten = "", regionWritten] = region.split("-");
  const state = codeOf("region", stateWritten, atlas.getStates(code, "en"));
  if (regionWritten === undefined) return new DateHolidays(code, state, options);
  return new DateHolidays(code, state, codeOf("region", regionWritten, atlas.getRegions(code, state, "en")), options);
};

/** A country's holidays of one year. Some last for days; those that begin in the afternoon leave the morning to work. */
const ofYear = (library: Library, year: number): readonly Day[] =>
  library
    .getHolidays(year)
    .filter(({ type, date }) => type === "public" && date.slice(11, 16) === "00:00")
    .flatMap(({ date, start, end, name }) => {
      const first = dayOfIso(date.slice(0, 10));
      const length = Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS));
      return first === null ? [] : Array.from({ length }, (_, index): Day => [isoOf(first + index), name]);
    });

const yearsOf = ({ from, to }: Years): readonly number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** A written date → the dates it means in these years. The 29th of February is left out of years that lack it. */
const datesOf = (written: string, years: Years): readonly string[] => {
  if (dayOfIso(written) !== null) return [written];
  // The year 2000 has every day that any year has.
  if (/^\d\d-\d\d$/.test(written) && dayOfIso(`2000-${written}`) !== null) {
    return yearsOf(years)
      .map((year) => `${year}-${written}`)
      .filter((date) => dayOfIso(date) !== null);
  }
  throw new Fault("config.invalid", `The calendar's day "${written}" is no date.`, {
    hint: "Write YYYY-MM-DD, or MM-DD for every year, a day that exists.",
  });
};

/** A country's holidays of these years, and of the year before: one of several days may run into January. */
const ofCountry = async ({ country, region }: Calendar, years: Years): Promise<readonly Day[]> => {
  if (country === null) return [];
  const library = await openLibrary(country, region);
  // Where two fall on one day the first listed gives it its name, so it comes last here.
  return yearsOf({ from: years.from - 1, to: years.to }).flatMap((year) => ofYear(library, year).toReversed());
};

/** Free days of these years by date, with their names. Throws `config.invalid` for an unknown country, region or date. */
export const holidaysOf = async (calendar: Calendar, years: Years): Promise<Holidays> => {
  const own = Object.entries(calendar.days).flatMap(([written, name]) =>
    datesOf(written, years).map((date): Day => [date, name]),
  );
  const worked = new Set(calendar.except.flatMap((written) => datesOf(written, years)));
  const free = new Map([...(await ofCountry(calendar, years)), ...own]);
  const first = isoOf(dayNumberOf(years.from, 1, 1));
  const last = isoOf(dayNumberOf(years.to, 12, 31));
  const kept = [...free].filter(([date]) => date >= first && date <= last && !worked.has(date));
  return new Map(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** The free days of named calendars, as ticks and audiences ask for them. */
export interface HolidayMemory {
  /** A calendar's free days in the years around `now`; none for `null`. */
  readonly of: (calendar: string | null, now: Temporal.Instant) => Promise<Holidays>;
  /** Calendar → the holiday's name, for those calendars in which the date is one. */
  readonly on: (date: string) => Promise<Readonly<Record<string, string>>>;
}

/** Reckons the free days of each calendar once for each span of years. */
export const rememberHolidays = (calendars: Readonly<Record<string, Calendar>>): HolidayMemory => {
  const known = new Map<string, Promise<Holidays>>();
  const around = (name: string, year: number): Promise<Holidays> => {
    const calendar = calendars[name];
    if (calendar === undefined) return Promise.resolve(new Map());
    const key = `${name} ${year}`;
    const holidays = known.get(key) ?? holidaysOf(calendar, { from: year - 1, to: year + 1 });
    known.set(key, holidays);
    return holidays;
  };
  const of: HolidayMemory["of"] = async (calendar, now) =>
    calendar === null ? new Map() : around(calendar, now.toZonedDateTimeISO("UTC").year);
  const on: HolidayMemory["on"] = async (date) => {
    const found: Record<string, string> = {};
    for (const name of Object.keys(calendars)) {
      const holiday = (await around(name, Number(date.slice(0, 4)))).get(date);
      if (holiday !== undefined) found[name] = holiday;
    }
    return found;
  };
  return { of, on };
};

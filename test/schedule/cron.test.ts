import { Cron } from "croner";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CronExpression } from "#model/schedule.ts";
import { Temporal } from "#model/time.ts";
import { instantAtWall, nextAfter, occurrences } from "#schedule/cron.ts";
import { civilOf, dayOfIso, isoOf } from "#schedule/days.ts";
import { at, expressionOf, localOf, localTimes, mistakeOf } from "./wanted.ts";

test.each([
  ["0 7 ? * *", '"?"'],
  ["0 0 7 * * *", "has 6 fields"],
  ["0 0 7 * * * 2026", "Seconds and years aren't understood"],
  ["0 7 * *", "has 4 fields"],
  ["@daily", 'write words such as "daily 00:00"'],
  ["60 7 * * *", 'The minute "60" can\'t be read: it must be 0 to 59'],
  ["0 24 * * *", 'The hour "24"'],
  ["0 7 0 * *", 'The day of the month "0"'],
  ["0 7 * 13 *", "it must be 1 to 12 or jan to dec"],
  ["0 7 * * foo", "it must be 0 to 7 or sun to sat"],
  ["0 7 * * foo#1", "it must be 0 to 7 or sun to sat"],
  ["0 7 99W * *", 'The day of the month "99W"'],
  ["*/90 * * * *", "the step must be 1 to 59"],
  ["*/0 * * * *", "the step must be 1 to 59"],
  ["30-10 * * * *", "the range runs backwards"],
  ["0 7 31 2 *", "never fires"],
  ["0 7 31 4,6,9,11 *", "never fires"],
])("%s is a mistake", (text, words) => {
  expect(mistakeOf(text)).toContain(words);
});

const dates: readonly (readonly [string, readonly string[]])[] = [
  ["0 7 L 2 *", ["2026-02-28", "2027-02-28", "2028-02-29"]],
  ["0 7 29 2 *", ["2028-02-29", "2032-02-29"]],
  ["0 7 1W * *", ["2026-01-01", "2026-02-02", "2026-03-02", "2026-04-01", "2026-05-01"]],
  ["0 7 15W * *", ["2026-01-15", "2026-02-16", "2026-03-16"]],
  ["0 7 LW * *", ["2026-01-30", "2026-02-27", "2026-03-31"]],
  ["0 7 * * fri#2", ["2026-01-09", "2026-02-13"]],
  ["0 7 * * 5L", ["2026-01-30", "2026-02-27"]],
  ["0 7 * * 7", ["2026-01-04", "2026-01-11"]],
  ["0 7 * * sat-sun", ["2026-01-03", "2026-01-04", "2026-01-10"]],
  ["0 7 1 * mon", ["2026-01-01", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-01"]],
  ["0 7 */2 * mon", ["2026-01-05", "2026-01-19", "2026-02-09", "2026-02-23", "2026-03-09"]],
  ["0 7 13/10 JAN,mar *", ["2026-01-13", "2026-01-23", "2026-03-13", "2026-03-23"]],
];

test.each(dates)("%s falls on the dates that cron means", (text, wanted) => {
  const expression = expressionOf(text);
  let last = at("2025-12-31T12:00", "UTC");
  const found = wanted.map(() => {
    last = nextAfter(expression, "UTC", last) ?? last;
    return localOf(last, "UTC").slice(0, 10);
  });
  expect(found).toEqual(wanted);
});

const fields = fc.tuple(
  fc.constantFrom("0", "*/7", "5,35", "10-20", "*"),
  fc.constantFrom("*", "7", "*/5", "0,23", "8-18/3"),
  fc.constantFrom("*", "1", "31", "1,15", "10-12", "L"),
  fc.constantFrom("*", "2", "jan-mar", "*/4"),
  fc.constantFrom("*", "1-5", "sun", "1#2", "5L", "0,6"),
);

test("without changes of the clock the occurrences are those of another implementation", () => {
  fc.assert(
    fc.property(fields, fc.integer({ min: 0, max: 3000 }), (parts, day) => {
      const text = parts.join(" ");
      fc.pre(!/ 31 2 /.test(text) || !text.endsWith("*"));
      const from = new Date(Date.UTC(2024, 0, 1 + day, 11, 59, 59));
      const after = Temporal.Instant.from(from.toISOString());
      const until = after.add({ hours: 24 * 366 * 9 });
      const ours = occurrences(expressionOf(text), "UTC", { after, until, limit: 20 });
      const theirs = new Cron(text, { timezone: "UTC", paused: true })
        .nextRuns(20, from)
        .filter((run) => run.getTime() <= until.epochMilliseconds);
      expect(ours.map((run) => run.epochMilliseconds)).toEqual(theirs.map((run) => run.getTime()));
    }),
    { numRuns: 150 },
  );
});

/** The nights on which clocks change, with what each schedule does: zone, schedule, local date, wanted times with offsets. */
const nights: readonly (readonly [string, string, string, readonly string[]])[] = [
  ...(["2026-03-29", "2027-03-28"] as const).flatMap((day) => [
    ["Europe/Berlin", "daily 02:30", day, [`${day}T03:00+02:00`]] as const,
    ["Europe/Berlin", "*/15 2 * * *", day, [`${day}T03:00+02:00`]] as const,
    ["Europe/Berlin", "0 2,3 * * *", day, [`${day}T03:00+02:00`]] as const,
    ["Europe/Berlin", "30 2,3 * * *", day, [`${day}T03:00+02:00`, `${day}T03:30+02:00`]] as const,
    [
      "Europe/Berlin",
      "30 0-4/2 * * *",
      day,
      ["00:30+01:00", "03:30+02:00", "04:30+02:00"].map((t) => `${day}T${t}`),
    ] as const,
  ]),
  ...(["2026-10-25", "2027-10-31"] as const).flatMap((day) => [
    ["Europe/Berlin", "daily 02:30", day, [`${day}T02:30+02:00`]] as const,
    ["Europe/Berlin", "*/30 2 * * *", day, [`${day}T02:00+02:00`, `${day}T02:30+02:00`]] as const,
    [
      "Europe/Berlin",
      "0 2/12 * * *",
      day,
      ["02:00+02:00", "02:00+01:00", "14:00+01:00"].map((t) => `${day}T${t}`),
    ] as const,
  ]),
  ["America/New_York", "daily 02:30", "2026-03-08", ["2026-03-08T03:00-04:00"]],
  ["America/New_York", "daily 02:30", "2027-03-14", ["2027-03-14T03:00-04:00"]],
  ["America/New_York", "daily 01:30", "2026-11-01", ["2026-11-01T01:30-04:00"]],
  ["America/New_York", "daily 01:30", "2027-11-07", ["2027-11-07T01:30-04:00"]],
  ["Australia/Lord_Howe", "daily 02:15", "2026-10-04", ["2026-10-04T02:30+11:00"]],
  ["Australia/Lord_Howe", "daily 02:00, 02:45", "2026-10-04", ["2026-10-04T02:30+11:00", "2026-10-04T02:45+11:00"]],
  ["Australia/Lord_Howe", "daily 01:45", "2026-04-05", ["2026-04-05T01:45+11:00"]],
  [
    "Australia/Lord_Howe",
    "45 1/12 * * *",
    "2026-04-05",
    ["01:45+11:00", "01:45+10:30", "13:45+10:30"].map((t) => `2026-04-05T${t}`),
  ],
  ["America/Santiago", "daily 00:00", "2026-09-06", ["2026-09-06T01:00-03:00"]],
  ["America/Santiago", "daily 00:30, 01:00", "2026-09-06", ["2026-09-06T01:00-03:00"]],
  ["America/Santiago", "daily 23:30", "2026-04-04", ["2026-04-04T23:30-03:00"]],
  ["America/Santiago", "daily 00:00", "2026-04-05", ["2026-04-05T00:00-04:00"]],
  ["Africa/Cairo", "daily 00:15", "2026-04-24", ["2026-04-24T01:00+03:00"]],
  [
    "Pacific/Apia",
    "daily 07:00, 16:00",
    "2011-12-31",
    ["00:00+14:00", "07:00+14:00", "16:00+14:00"].map((t) => `2011-12-31T${t}`),
  ],
];

test.each(nights)("%s: %s on %s", (...[zone, text, day, wanted]) => {
  expect(localTimes(text, zone, [day, day])).toEqual(wanted);
});

test.each([
  ["Europe/Berlin", "2026-03-29", 23, 92],
  ["Europe/Berlin", "2026-10-25", 25, 100],
  ["America/New_York", "2027-03-14", 23, 92],
  ["America/New_York", "2027-11-07", 25, 100],
  ["America/Santiago", "2026-09-06", 23, 92],
  ["America/Santiago", "2026-04-04", 25, 100],
  ["Australia/Lord_Howe", "2026-10-04", 24, 94],
  ["Australia/Lord_Howe", "2026-04-05", 24, 98],
  ["Pacific/Apia", "2011-12-31", 24, 96],
])("%s on %s has %i hours that begin and %i quarters", (...[zone, day, hours, quarters]) => {
  expect(localTimes("hourly", zone, [day, day])).toHaveLength(hours);
  expect(localTimes("every 15 minutes", zone, [day, day])).toHaveLength(quarters);
});

/** What one wall time stands for: the rules of the clock changes told a second time, in Temporal's own terms. */
const standsFor = (wall: Temporal.PlainDateTime, zone: string, elapsed: boolean) => {
  const early = wall.toZonedDateTime(zone, { disambiguation: "earlier" });
  const late = wall.toZonedDateTime(zone, { disambiguation: "later" });
  if (early.toPlainDateTime().equals(wall)) return { skippedHour: null, instants: elapsed ? [early, late] : [early] };
  const gapEnd = early.getTimeZoneTransition("next") ?? early;
  return { skippedHour: elapsed ? wall.toString().slice(0, 13) : null, instants: [elapsed ? late : gapEnd] };
};

const byTemporal = (expression: CronExpression, zone: string, first: Temporal.PlainDate): readonly string[] => {
  const dates = [0, 1, 2, 3, 4].map((days) => first.add({ days }));
  const walls = dates.flatMap((date) =>
    expression.times.map((time) => date.toPlainDateTime({ hour: Math.floor(time / 60), minute: time % 60 })),
  );
  const found = new Set<number>();
  const skippedHours = new Set<string>();
  for (const wall of walls) {
    const { skippedHour, instants } = standsFor(wall, zone, expression.elapsed);
    // Of several skipped times in one hour only the first counts.
    if (skippedHour !== null && skippedHours.has(skippedHour)) continue;
    if (skippedHour !== null) skippedHours.add(skippedHour);
    for (const instant of instants) found.add(instant.epochMilliseconds);
  }
  return [...found].sort((a, b) => a - b).map((ms) => localOf(Temporal.Instant.fromEpochMilliseconds(ms), zone));
};

test("around every change of the clock the occurrences are those that Temporal finds", () => {
  const zones = fc.constantFrom(
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
  );
  const texts = fc.tuple(
    fc.constantFrom("0", "30", "*/20", "10-12", "1,59"),
    fc.constantFrom("*", "0", "0-3", "*/2", "1,2,23", "2"),
  );
  fc.assert(
    fc.property(zones, texts, fc.integer({ min: 2012, max: 2030 }), (zone, [minute, hour], year) => {
      const expression = expressionOf(`${minute} ${hour} * * *`);
      let change = Temporal.PlainDate.from({ year, month: 1, day: 1 })
        .toZonedDateTime(zone)
        .getTimeZoneTransition("next");
      for (let count = 0; change !== null && count < 2; count += 1) {
        const first = change.toPlainDate().subtract({ days: 2 });
        const after = first.toZonedDateTime(zone).toInstant().subtract({ milliseconds: 1 });
        const until = first.add({ days: 5 }).toZonedDateTime(zone).toInstant().subtract({ milliseconds: 1 });
        const ours = occurrences(expression, zone, { after, until, limit: 100_000 }).map((each) => localOf(each, zone));
        expect(ours).toEqual(byTemporal(expression, zone, first));
        change = change.getTimeZoneTransition("next");
      }
    }),
    { numRuns: 40 },
  );
});

test("a span cut anywhere yields the same occurrences as the whole", () => {
  const start = at("2026-03-27T00:00", "Europe/Berlin");
  fc.assert(
    fc.property(
      fc.constantFrom("*/7 * * * *", "daily 02:30", "*/30 */2 * * *"),
      fc.integer({ min: 0, max: 96 * 60 }),
      (text, minutes) => {
        const expression = expressionOf(text);
        const [cut, until, limit] = [start.add({ minutes }), start.add({ hours: 96 }), 10_000];
        const part = (after: Temporal.Instant, to: Temporal.Instant) =>
          occurrences(expression, "Europe/Berlin", { after, until: to, limit });
        const joined = [...part(start, cut), ...part(cut, until)].map(String);
        expect(joined).toEqual(part(start, until).map(String));
      },
    ),
  );
});

test("a span yields no more than its limit", () => {
  const after = at("2026-01-01T00:00", "UTC");
  const span = { after, until: after.add({ hours: 24 }), limit: 3 };
  expect(occurrences(expressionOf("* * * * *"), "UTC", span)).toHaveLength(3);
});

test("the next leap day is found over a century that has none, and a schedule too rare has no next", () => {
  const next = nextAfter(expressionOf("0 7 29 2 *"), "Europe/Berlin", at("2096-03-01T00:00", "UTC"));
  expect(String(next)).toBe("2104-02-29T06:00:00Z");
  // The 29th of February is on a weekend in 2032 and then not before 2048.
  expect(nextAfter(expressionOf("0 7 29 2 */6"), "UTC", at("2033-01-01T00:00", "UTC"))).toBeNull();
});

test("a wall time that the clocks skip stands for the first instant after the gap, a doubled one for its first pass", () => {
  const wallOf = (iso: string): number => Temporal.Instant.from(`${iso}Z`).epochMilliseconds;
  const read = (iso: string): string =>
    localOf(Temporal.Instant.fromEpochMilliseconds(instantAtWall("Europe/Berlin", wallOf(iso))), "Europe/Berlin");
  expect(read("2026-03-29T02:30")).toBe("2026-03-29T03:00+02:00");
  expect(read("2026-10-25T02:30")).toBe("2026-10-25T02:30+02:00");
  expect(read("2026-07-01T02:30")).toBe("2026-07-01T02:30+02:00");
});

test("day numbers and dates turn into each other over four thousand years", () => {
  fc.assert(
    fc.property(fc.integer({ min: -700_000, max: 700_000 }), (day) => {
      const date = Temporal.PlainDate.from("1970-01-01").add({ days: day });
      expect(civilOf(day)).toEqual({ year: date.year, month: date.month, day: date.day, weekday: date.dayOfWeek % 7 });
      expect(dayOfIso(isoOf(day))).toBe(day);
    }),
  );
  expect(dayOfIso("2026-02-30")).toBeNull();
});

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "#config/load.ts";
import { folder, mistakes, mistakesIn, plain, report, type Wrong } from "../support.ts";

const wrong: readonly Wrong[] = [
  [
    "an unknown source",
    report(`${plain}\nfacts: [{ name: a, sql: select 1, on: warehouse }]`),
    [
      "daybreak.yaml:6:43 reports.daily.facts[0].on: “warehouse” names a source, but this file has none; add it under sources.",
    ],
  ],
  [
    "a query without its source",
    `${report(`${plain}\nto: { query: select 1 }`)}sources: { wh: { url: "postgres://h/d" } }\n`,
    ["daybreak.yaml:6:5 reports.daily.to.on: is missing; name the source that the query asks: wh."],
  ],
  [
    "an unknown calendar",
    `${report("view: S/a\nat: { at: daily 07:00, calendar: bayern }")}calendars: { bavaria: { country: DE } }\n`,
    ["daybreak.yaml:5:38 reports.daily.at.calendar: “bayern” names no calendar of this file; write “bavaria”."],
  ],
  [
    "a schedule that never fires",
    report('view: S/a\nat: "0 7 31 2 *"'),
    [
      'daybreak.yaml:5:9 reports.daily.at: “0 7 31 2 *” can\'t be used as a schedule; "0 7 31 2 *" never fires: no month has such a day.',
    ],
  ],
  [
    "an aggregate that can't be read",
    report(`${plain}\nfacts: [{ name: a, csv: total(Revenue) }]`),
    [
      expect.stringMatching(
        /^daybreak\.yaml:6:29 reports\.daily\.facts\[0]\.csv: “total\(Revenue\)” can't be read as a figure; /,
      ),
    ],
  ],
  [
    "a fact of two kinds",
    report(`${plain}\nfacts: [{ name: a, csv: count(), sql: select 1, on: a }]`),
    [
      "daybreak.yaml:6:13 reports.daily.facts[0]: must have either csv or sql; write one, such as csv: sum(Revenue).",
      "daybreak.yaml:6:57 reports.daily.facts[0].on: “a” names a source, but this file has none; add it under sources.",
    ],
  ],
  [
    "two facts of one name",
    report(`${plain}\nfacts: [{ name: a, csv: count() }, { name: a, csv: count() }]`),
    ["daybreak.yaml:6:48 reports.daily.facts[1].name: “a” is the name of a fact before it; choose another."],
  ],
  [
    "two views of one name",
    report("views: [A/Sales, B/Sales]\nat: daily 07:00"),
    [
      "daybreak.yaml:4:22 reports.daily.views[1]: “B/Sales” has the name “sales” of a view before it; give one of them a name of its own.",
    ],
  ],
  [
    "view and views",
    report(`${plain}\nviews: [A/b]`),
    ["daybreak.yaml:4:5 reports.daily.view: stands next to views; keep one of the two."],
  ],
  [
    "neither view nor schedule",
    report("title: Nothing"),
    [
      "daybreak.yaml:3:3 reports.daily.at: is missing; say when it is due, such as at: weekdays 07:00.",
      "daybreak.yaml:3:3 reports.daily.view: is missing; write what the report shows, such as view: Workbook/Sheet.",
    ],
  ],
  [
    "a cut-off at a time of day for a schedule with two times",
    report(
      'view: S/a\nat: weekdays 07:00, 16:00\nreadiness: { probes: [{ http: "https://x.example.com" }], until: "08:30" }',
    ),
    [
      "daybreak.yaml:6:70 reports.daily.readiness.until: “08:30” is a time of day, but the schedule has several; write a duration such as 90m.",
    ],
  ],
  [
    "a cut-off before the schedule",
    report(`${plain}\nreadiness: { probes: [{ http: "https://x.example.com" }], until: "06:30" }`),
    [
      "daybreak.yaml:6:70 reports.daily.readiness.until: “06:30” lies before the schedule's own time; write a later one, or a duration such as 90m.",
    ],
  ],
  [
    "a proof rule for a filter that there isn't",
    report(`${plain}\nto: people.csv\nfilter: { Region: region }\nproof: { columns: { Regon: r } }`),
    ["daybreak.yaml:8:25 reports.daily.proof.columns.Regon: is no filter of this report; did you mean “Region”?"],
  ],
  [
    "a bundle of two schedules",
    `server: https://bi.example.com\nreports:\n  a: { view: S/a, at: daily 07:00, bundle: m }\n  b: { view: S/b, at: daily 08:00, bundle: m }\n`,
    [
      "daybreak.yaml:4:23 reports.b.at: “daily 08:00” differs from the schedule of “a”, which leads the bundle “m”; write the same, or take one of them out of the bundle.",
    ],
  ],
];

test.each(wrong)("%s is named with its place, what was found, and what to write", async (_, yaml, expected) => {
  expect(await mistakes(yaml)).toEqual(expected);
});

test("a list of people that isn't there, or isn't a file", async () => {
  using place = folder({ "daybreak.yaml": report(`${plain}\nto: nobody.csv`) });
  expect(await mistakesIn(loadConfig(place.options()))).toEqual([
    `daybreak.yaml:6:9 reports.daily.to: “nobody.csv” names a file that doesn't exist; put it there, or correct the path, which starts from ${place.dir}.`,
  ]);
  mkdirSync(join(place.dir, "nobody.csv"));
  expect(await mistakesIn(loadConfig(place.options()))).toEqual([
    "daybreak.yaml:6:9 reports.daily.to: “nobody.csv” names something that is no file; write the path of a CSV file.",
  ]);
});

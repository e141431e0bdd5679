import fc from "fast-check";
import { expect, test } from "vitest";
import { describe as inWords } from "#schedule/cron.ts";
import { readWords } from "#schedule/words.ts";
import { expressionOf, mistakeOf } from "./wanted.ts";

const read: readonly (readonly [string, readonly string[]])[] = [
  ["weekdays 07:00", ["00 07 * * 1-5"]],
  ["daily 07:00", ["00 07 * * *"]],
  ["every day at 7:30", ["30 7 * * *"]],
  ["Every  Day at 7:30 AM.", ["30 7 * * *"]],
  ["monday 07:00", ["00 07 * * 1"]],
  ["every monday at noon", ["00 12 * * 1"]],
  ["mon, wed and fri 06:15", ["15 06 * * 1,3,5"]],
  ["mondays and thursdays, 06:30", ["30 06 * * 1,4"]],
  ["monday to friday 07:00", ["00 07 * * 1,2,3,4,5"]],
  ["sat-tue 07:00", ["00 07 * * 6,0,1,2"]],
  ["weekends 09:00", ["00 09 * * 0,6"]],
  ["at 07:00 on weekdays", ["00 07 * * 1-5"]],
  ["weekly on sunday 18:00", ["00 18 * * 0"]],
  ["monthly on day 1 08:00", ["00 08 1 * *"]],
  ["monthly on days 1 and 15 08:00", ["00 08 1,15 * *"]],
  ["1st and 15th of the month 08:00", ["00 08 1,15 * *"]],
  ["last day of the month 18:00", ["00 18 L * *"]],
  ["monthly on the last day at 6 pm", ["00 18 L * *"]],
  ["first working day of the month 08:00", ["00 08 1W * *"]],
  ["last weekday of the month 08:00", ["00 08 LW * *"]],
  ["second tuesday of the month 10:00", ["00 10 * * 2#2"]],
  ["last friday of the month 10:00", ["00 10 * * 5L"]],
  ["quarterly on day 1 08:00", ["00 08 1 1,4,7,10 *"]],
  ["hourly", ["0 * * * *"]],
  ["every hour on weekends", ["0 * * * 0,6"]],
  ["every 2 hours", ["0 */2 * * *"]],
  ["every 15 minutes", ["*/15 * * * *"]],
  ["weekdays every 15 minutes", ["*/15 * * * 1-5"]],
  ["weekdays 07:00, 16:00", ["00 07,16 * * 1-5"]],
  ["weekdays 07:00, 12:30 and 16:00", ["00 07,16 * * 1-5", "30 12 * * 1-5"]],
  ["daily midnight", ["00 00 * * *"]],
];

/** Cron's numbers without leading zeros, so that the table can be read. */
const bare = (line: string): string => line.replace(/\b0(?=\d)/g, "");

test.each(read)("%s is read", (text, lines) => {
  expect(readWords(text)).toEqual({ lines: lines.map(bare) });
});

test.each([
  ["weekdys 07:00", 'nearest: "weekdays 07:00"'],
  ["montags 06:15", 'nearest: "monday 06:15"'],
  ["07:00", 'it names no days; nearest: "daily 07:00"'],
  ["daily", 'it names no time of day; nearest: "daily 07:00"'],
  ["monthly 08:00", 'nearest: "monthly on day 1 08:00"'],
  ["last working day of the month 08:00", 'nearest: "last weekday of the month 08:00"'],
  ["every 7 minutes", '7 minutes don\'t divide an hour evenly; nearest: "every 6 minutes"'],
  ["every 90 minutes", "90 minutes don't divide an hour evenly"],
  ["every 5 hours", '5 hours don\'t divide a day evenly; nearest: "every 4 hours"'],
  ["daily 25:00", "25:00 is no time of day"],
  ["daily 07:60", "07:60 is no time of day"],
  ["daily 13 pm", "isn't a schedule that is understood"],
  ["daily 07:00:30", "no seconds"],
  ["monthly on day 32 08:00", 'The day of the month "32" can\'t be read'],
  ["gibberish", "isn't a schedule that is understood"],
  ["", "The schedule is empty"],
])("%s is a mistake that helps", (text, words) => {
  expect(mistakeOf(text)).toContain(words);
});

test.each([
  ["weekdays 07:00", "weekdays at 07:00"],
  ["0 7 * * 1-5", "weekdays at 07:00"],
  ["daily 7:30", "daily at 07:30"],
  ["0 7,16 * * *", "daily at 07:00 and 16:00"],
  ["mon, wed and fri 06:15", "Mondays, Wednesdays and Fridays at 06:15"],
  ["weekends 09:00", "weekends at 09:00"],
  ["0 8 1,15 * *", "on days 1 and 15 of the month at 08:00"],
  ["last day of the month 18:00", "on the last day of the month at 18:00"],
  ["first working day of the month 08:00", "on the first working day of the month at 08:00"],
  ["0 8 * 1,7 5L", "on the last Friday of the month at 08:00 in January and July"],
  ["0 8 1 * mon", "on day 1 of the month or Mondays at 08:00"],
  ["hourly", "every hour"],
  ["30 * * * *", "every hour at :30"],
  ["*/15 * * * 1-5", "every 15 minutes on weekdays"],
  ["* * * * *", "every minute"],
  ["0 */6 * * *", "every 6 hours"],
  ["*/10 8-18 * * *", "every 10 minutes from 08:00 to 18:50"],
  ["0 9-17 * * *", "every hour from 09:00 to 17:00"],
  ["0,7 9-17 * * *", "18 times from 09:00 to 17:07"],
])("%s is described as %s", (text, words) => {
  expect(inWords(expressionOf(text))).toBe(words);
});

test("what is described in words of its own is read back as the same schedule", () => {
  for (const [text] of read) {
    if (text.startsWith("quarterly")) continue;
    const { at: _written, ...meant } = expressionOf(text);
    expect(expressionOf(inWords(expressionOf(text)))).toMatchObject(meant);
  }
});

test("any text is either read or refused with a sentence, never with an exception", () => {
  const words = fc.constantFrom(
    "daily",
    "every",
    "on",
    "monday",
    "07:00",
    "7 pm",
    "and",
    ",",
    "first",
    "month",
    "*",
    "5",
    "L",
    "?",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(words).map((each) => each.join(" ")),
  );
  fc.assert(
    fc.property(text, (written) => {
      const said = readWords(written);
      expect("mistake" in said ? said.mistake.length : said.lines.length).toBeGreaterThan(0);
    }),
  );
});

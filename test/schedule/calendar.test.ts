import { expect, test } from "vitest";
import { isFault } from "#model/fault.ts";
import { type Calendar, holidaysOf } from "#schedule/calendar.ts";

const calendarOf = (more: Partial<Calendar>): Calendar => ({
  country: null,
  region: null,
  days: {},
  except: [],
  ...more,
});
const of2026 = (more: Partial<Calendar>) => holidaysOf(calendarOf(more), { from: 2026, to: 2026 });

test("a country's public holidays have English names where the country has none of its own", async () => {
  const free = await of2026({ country: "DE" });
  expect(free.get("2026-12-25")).toBe("Christmas Day");
  expect(free.get("2026-05-01")).toBe("Labour Day");
  expect(free.has("2026-12-24")).toBe(false);
});

test("a region adds its own holidays, and a region within it adds more", async () => {
  const dates = ["2026-01-06", "2026-08-08"];
  const has = async (region: string | null) => {
    const free = await of2026({ country: "de", region });
    return dates.map((date) => free.has(date));
  };
  expect(await has(null)).toEqual([false, false]);
  expect(await has("by")).toEqual([true, false]);
  expect(await has("BY-A")).toEqual([true, true]);
});

test("a holiday of several days frees each of them, one that begins at noon frees none", async () => {
  const egypt = await of2026({ country: "EG" });
  expect(["2026-03-20", "2026-03-21", "2026-03-22", "2026-03-23"].map((date) => egypt.has(date))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect((await of2026({ country: "IS" })).has("2026-12-24")).toBe(false);
});

test("the company's days are added and its exceptions taken away, for one year or for each", async () => {
  const own = { days: { "12-24": "Company day", "2027-08-02": "Outing" }, except: ["10-03", "2026-05-01"] };
  const free = await holidaysOf(calendarOf({ country: "DE", ...own }), { from: 2026, to: 2027 });
  const wanted = ["2026-12-24", "2027-12-24", "2027-08-02", "2026-10-03", "2027-10-03", "2026-05-01", "2027-05-01"];
  expect(wanted.map((date) => free.has(date))).toEqual([true, true, true, false, false, false, true]);
  expect(free.get("2026-12-24")).toBe("Company day");
});

test("a calendar without a country has the company's days alone, in order and within the years asked for", async () => {
  const free = await of2026({
    days: { "12-31": "Last", "2026-02-02": "First", "2025-01-01": "Past", "02-29": "Leap" },
  });
  expect([...free]).toEqual([
    ["2026-02-02", "First"],
    ["2026-12-31", "Last"],
  ]);
});

test.each<readonly [Partial<Calendar>, string, string]>([
  [{ country: "Germny" }, 'country "Germny" is unknown', "Did you mean DE (Germany)?"],
  [{ country: "UX" }, 'country "UX" is unknown', "Did you mean "],
  [{ country: "DE", region: "BX" }, 'region "BX" is unknown', "Known: BB (Brandenburg), BE (Berlin)"],
  [{ country: "JP", region: "13" }, 'region "13" is unknown', "there are none here"],
  [{ days: { "2026-02-30": "Never" } }, '"2026-02-30" is no date', "MM-DD for every year"],
  [{ except: ["tomorrow"] }, '"tomorrow" is no date', "YYYY-MM-DD"],
])("%j is a fault that says what would be understood", async (more, what, hint) => {
  const fault = await of2026(more).catch((error: unknown) => error);
  if (!isFault(fault, "config.invalid")) throw new Error("no such fault");
  expect(fault.message).toContain(what);
  expect(fault.hint).toContain(hint);
});

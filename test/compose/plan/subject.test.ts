import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cut, defaultSubject, headerText, ownSubject, type SubjectInput, shortFilters } from "#compose/plan/subject.ts";
import { factFor } from "../../support/emails.ts";

const andMore = (count: number) => `+${count} more`;
const subject = (more: Partial<SubjectInput> = {}) =>
  defaultSubject({
    filters: { Region: ["North"] },
    fact: factFor(),
    instead: null,
    others: [],
    title: "Daily Sales",
    date: "Thu 19 Nov",
    andMore,
    ...more,
  });
const letters = (text: string) => [...new Intl.Segmenter("en").segment(text)].length;

describe("the default subject", () => {
  test.each([
    ["has the figure early and the date last", {}, "North 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov"],
    ["has no filter for all", { filters: "all" }, "12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov"],
    ["lives without a figure", { fact: null }, "North · Daily Sales · Thu 19 Nov"],
    ["lives without anything but its title", { fact: null, filters: "all" }, "Daily Sales · Thu 19 Nov"],
    [
      "has no figure that could not be had",
      { fact: factFor({ value: null, shown: "—" }) },
      "North · Daily Sales · Thu 19 Nov",
    ],
    [
      "says what stands in a figure's place",
      { fact: null, instead: "no rows" },
      "North: no rows · Daily Sales · Thu 19 Nov",
    ],
    ["has a figure without a change", { fact: factFor({ change: null }) }, "North 12,340 · Daily Sales · Thu 19 Nov"],
    ["names two values", { filters: { R: ["North", "East"] } }, "North, East 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov"],
    [
      "counts many values",
      { filters: { R: ["North", "East", "West"] } },
      "North +2 more 12,340 ▲ 4.2% · Daily Sales · Thu 19 Nov",
    ],
    [
      "cuts a long title at a word",
      { title: "Yesterday's Sales Summary for the Regions and Countries" },
      "North 12,340 ▲ 4.2% · Yesterday's Sales… · Thu 19 Nov",
    ],
  ] as const)("%s", (_, more, expected) => {
    expect(subject(more)).toBe(expected);
  });

  test("stays within 60 letters and keeps the date whole, whatever it is made of", () => {
    const word = fc.string({ maxLength: 1_000, unit: "grapheme" });
    const input = fc.record({
      title: word,
      value: word,
      shown: fc.string({ maxLength: 18 }),
      change: fc.string({ maxLength: 30 }),
    });
    fc.assert(
      fc.property(input, ({ title, value, shown, change }) => {
        const fact = factFor({ shown, change: { shown: change, against: "", tone: "even" } });
        const others = [{ filters: { Region: [value] }, fact }];
        const several = subject({ title, filters: { Region: [value] }, fact, others });
        expect(letters(several) <= 60 && several.endsWith("Thu 19 Nov")).toBe(true);
        const made = subject({ title, filters: { Region: [value] }, fact });
        return letters(made) <= 60 && made.endsWith("Thu 19 Nov");
      }),
    );
  });
});

describe("a text that is cut", () => {
  test.each([
    ["short", 10, "short"],
    ["a longer text", 10, "a longer…"],
    ["unbreakable", 6, "unbre…"],
    ["👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2, "👨‍👩‍👧‍👦…"],
    ["日本語のとても長い題名", 5, "日本語の…"],
  ])("%j at %d is %j", (text, most, expected) => {
    expect(cut(text, most)).toBe(expected);
  });

  test("of a million letters is cut at once", () => {
    expect(cut("x".repeat(1_000_000), 60)).toHaveLength(60);
  });
});

describe("a header's text", () => {
  test.each(["a\nb", "a\rb", "a\r\nBcc: x@example.com", "a\u0000b", "a\u2028b", "\ttab"])(
    "is refused with a control character: %j",
    (text) => {
      expect(() => headerText("subject", text)).toThrow(
        expect.objectContaining({ code: "compose.header", message: expect.stringContaining("subject") }),
      );
    },
  );

  test("is what it was without one", () => {
    expect(headerText("subject", "Größe ▲ 日本 👋")).toBe("Größe ▲ 日本 👋");
  });
});

test("a report's own subject is trimmed, and cut only when it is endless", () => {
  expect(ownSubject("  Sales for Anna  ")).toBe("Sales for Anna");
  expect(letters(ownSubject("word ".repeat(300)))).toBeLessThanOrEqual(90);
});

test("a filter's long single value stays one text, for the place where it is cut", () => {
  expect(shortFilters({ Shop: ["A shop with a very long name indeed"] }, andMore)).toBe(
    "A shop with a very long name indeed",
  );
});

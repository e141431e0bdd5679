import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fileNames, type NamedFile } from "#compose/plan/names.ts";

const file = (more: Partial<NamedFile> = {}): NamedFile => ({
  report: "daily-sales",
  view: null,
  filters: { Region: ["North"] },
  date: "2026-11-19",
  format: "pdf",
  ...more,
});

const nameOf = (more: Partial<NamedFile>) => fileNames([file(more)])[0] ?? "";

describe("a file's name", () => {
  test.each([
    ["says report, filters and date", {}, "daily-sales_North_2026-11-19.pdf"],
    ["needs no filters", { filters: "all" }, "daily-sales_2026-11-19.pdf"],
    ["has the view where there are several", { view: "stock" }, "daily-sales_stock_North_2026-11-19.pdf"],
    [
      "joins several values",
      { filters: { R: ["North", "East"], Y: ["2026"] } },
      "daily-sales_North-East-2026_2026-11-19.pdf",
    ],
    ["cuts many values short", { filters: { R: ["a", "b", "c", "d", "e"] } }, "daily-sales_a-b-c-etc_2026-11-19.pdf"],
    ["keeps letters of every script", { filters: { R: ["Zürich", "日本"] } }, "daily-sales_Zürich-日本_2026-11-19.pdf"],
    ["composes accents", { filters: { R: ["Zu\u0308rich"] } }, "daily-sales_Zürich_2026-11-19.pdf"],
    ["leaves no folder", { filters: { R: ["../../etc/passwd"] } }, "daily-sales_etc-passwd_2026-11-19.pdf"],
    ["leaves no drive", { filters: { R: ["C:\\Windows"] } }, "daily-sales_C-Windows_2026-11-19.pdf"],
    ["leaves no control character", { filters: { R: ["a\u0000b\nc\u202Ed"] } }, "daily-sales_abcd_2026-11-19.pdf"],
    [
      "leaves no quote",
      { filters: { R: [`O'Brien, "Coast" & Co.; $(rm)`] } },
      "daily-sales_O-Brien-Coast-Co.-(rm)_2026-11-19.pdf",
    ],
    ["lives without a report's name", { report: "///", filters: "all" }, "report_2026-11-19.pdf"],
  ] as const)("%s", (_, more, expected) => {
    expect(nameOf(more)).toBe(expected);
  });

  test.each(["con", "NUL", "aux", "com1", "LPT9"])("is not one that Windows keeps for a device: %s", (report) => {
    // Windows looks at what stands before the first dot.
    expect(nameOf({ report: `${report}.weekly`, filters: "all" })).toBe(`_${report}.weekly_2026-11-19.pdf`);
  });

  test("is unique within an email, also for a system that doesn't tell letters by case", () => {
    const names = fileNames([file(), file(), file({ report: "DAILY-SALES" }), file({ format: "csv" })]);
    expect(names).toEqual([
      "daily-sales_North_2026-11-19.pdf",
      "daily-sales_North_2026-11-19_2.pdf",
      "DAILY-SALES_North_2026-11-19_3.pdf",
      "daily-sales_North_2026-11-19.csv",
    ]);
  });

  test("is safe, short, dated, composed, whole and unique, whatever it is made of", () => {
    const word = fc.string({ maxLength: 300, unit: "binary" });
    const input = fc.array(fc.record({ report: word, view: fc.option(word), value: word }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(input, (files) => {
        const names = fileNames(
          files.map(({ report, view, value }) => file({ report, view, filters: { R: [value] } })),
        );
        const isSafe = (name: string) =>
          // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
          !/[\u0000-\u001f\u007f/\\:*?"<>|]|\.\.|^[.\s-]|[.\s]$/.test(name) &&
          Buffer.byteLength(name) <= 140 &&
          /_2026-11-19(_\d+)?\.pdf$/.test(name) &&
          name.normalize("NFC") === name &&
          name.isWellFormed();
        return names.every(isSafe) && new Set(names.map((name) => name.toLowerCase())).size === names.length;
      }),
      { numRuns: 500 },
    );
  });
});

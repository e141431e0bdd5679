import { inflateRawSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvForPeople, fitsExcel, harmless, tableOf, xlsxForPeople } from "#compose/tables.ts";

/** The text of one file of a zip, found by its entry in the directory at the zip's end. */
const unzipped = (zip: Uint8Array, wanted: string): string => {
  const bytes = Buffer.from(zip);
  for (let at = bytes.indexOf("PK\u0001\u0002"); at !== -1; at = bytes.indexOf("PK\u0001\u0002", at + 4)) {
    const nameLength = bytes.readUInt16LE(at + 28);
    if (bytes.toString("utf8", at + 46, at + 46 + nameLength) !== wanted) continue;
    const entry = bytes.readUInt32LE(at + 42);
    const start = entry + 30 + bytes.readUInt16LE(entry + 26) + bytes.readUInt16LE(entry + 28);
    const packed = bytes.subarray(start, start + bytes.readUInt32LE(at + 20));
    return (bytes.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed)).toString("utf8");
  }
  return "";
};

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");

describe("a view's CSV", () => {
  test("is read with its mark, quotes, line breaks in cells and rows of odd length", () => {
    const csv = Buffer.from('\ufeffRegion,"A, B"\r\nNorth,"two\nlines"\nSouth\n"O""Brien",1,2\r\n\r\n');
    expect(tableOf(csv)).toEqual({
      columns: ["Region", "A, B"],
      rows: [["North", "two\nlines"], ["South"], ['O"Brien', "1", "2"]],
    });
  });

  test("may be empty", () => {
    expect(tableOf(Buffer.from(""))).toEqual({ columns: [], rows: [] });
    expect(tableOf(Buffer.from("A,B\n"))).toEqual({ columns: ["A", "B"], rows: [] });
  });

  test("that is broken says so", () => {
    expect(() => tableOf(Buffer.from('A\n"open'))).toThrow(expect.objectContaining({ code: "render.export" }));
  });
});

describe("the CSV for people", () => {
  test("has a mark for Excel, commas and CRLF", () => {
    expect(text(csvForPeople({ columns: ["Région", "N"], rows: [["Nörd, 日本", "1.5"]] }))).toBe(
      '\ufeffRégion,N\r\n"Nörd, 日本",1.5\r\n',
    );
  });

  test("brings every cell back, harmless ones as they were", () => {
    const cell = fc.string({ unit: "grapheme" });
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 });
    fc.assert(
      fc.property(rows, (given) => {
        const back: string[][] = parse(Buffer.from(csvForPeople({ columns: ["a", "b"], rows: given })), { bom: true });
        return JSON.stringify(back.slice(1)) === JSON.stringify(given.map((row) => row.map(harmless)));
      }),
    );
  });

  test.each([
    ["=1+1", "'=1+1"],
    ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
    ["-2+3", "'-2+3"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", "'\r=1"],
    [" =1", "' =1"],
    ["＝1", "'＝1"],
    ['=HYPERLINK("http://x")', `'=HYPERLINK("http://x")`],
    ["-5", "-5"],
    ["+3.25", "+3.25"],
    ["-1,234.50", "-1,234.50"],
    ["-12,5 %", "-12,5 %"],
    ["-1e5", "-1e5"],
    ["North", "North"],
    ["a=b", "a=b"],
    ["", ""],
  ])("turns %j into %j", (cell, expected) => {
    expect(harmless(cell)).toBe(expected);
  });
});

describe("the Excel file", () => {
  const sheetOf = async (columns: readonly string[], rows: readonly (readonly string[])[], name = "Daily Sales") => {
    const zip = await xlsxForPeople({ columns, rows }, name);
    const read = (file: string) => unzipped(zip, file);
    return {
      sheet: read("xl/worksheets/sheet1.xml"),
      strings: read("xl/sharedStrings.xml"),
      book: read("xl/workbook.xml"),
      styles: read("xl/styles.xml"),
    };
  };

  test("has numbers as numbers, dates as dates and a header that stays", async () => {
    const { sheet, strings } = await sheetOf(
      ["Region", "Revenue", "Day"],
      [
        ["North", "-12.5", "2026-11-19"],
        ["South", "", ""],
      ],
    );
    expect(sheet).toContain("<v>-12.5</v>");
    expect(sheet).toContain("<v>46345</v>");
    expect(sheet).toMatch(/state="frozen"/);
    expect(sheet).toMatch(/<col [^>]*width="\d+/);
    expect(strings).toContain("North");
  });

  test("writes a column's decimals alike and leaves whole numbers as they are", async () => {
    const { styles } = await sheetOf(
      ["Revenue", "Year"],
      [
        ["2888.2", "2026"],
        ["6963.36", "2026"],
      ],
    );
    expect([...styles.matchAll(/formatCode="([^"]*)"/g)].map(([, code]) => code)).toEqual(["#,##0.00"]);
  });

  test.each([
    ["article numbers with leading zeros", ["007", "12"]],
    ["account numbers that Excel would round", ["1234567890123456", "1"]],
    ["columns of which one cell is no number", ["1", "n/a"]],
    ["numbers in another way of writing", ["1,234", "5"]],
  ])("keeps %s as text", async (_, cells) => {
    const { strings } = await sheetOf(
      ["A"],
      cells.map((cell) => [cell]),
    );
    for (const cell of cells) expect(strings).toContain(cell);
  });

  test("holds a formula as text", async () => {
    const { sheet, strings } = await sheetOf(["A"], [["=1+1"]]);
    expect(sheet).not.toContain("<f>");
    expect(strings).toContain("=1+1");
  });

  test("takes any text, also what XML can't hold, and any name for its tab", async () => {
    const { strings, book } = await sheetOf(
      ["A"],
      [["a\u0000b\u001fc <&> 👋"], ["x".repeat(40_000)]],
      "Sales: North/South [all] and much more besides",
    );
    expect(strings).toContain("&lt;&amp;&gt; 👋");
    expect(strings).not.toContain("\u0000");
    expect(/<sheet [^>]*name="([^"]*)"/.exec(book)?.[1]?.length).toBeLessThanOrEqual(31);
  });

  test("is there for no rows and no columns, too", async () => {
    expect((await sheetOf(["A"], [])).strings).toContain("A");
    expect((await xlsxForPeople({ columns: [], rows: [] }, "")).byteLength).toBeGreaterThan(0);
  });

  test("is not made for more rows than Excel takes", () => {
    expect(fitsExcel({ columns: ["A"], rows: Array.from({ length: 1_048_576 }, () => []) })).toBe(false);
    expect(fitsExcel({ columns: ["A"], rows: [[]] })).toBe(true);
  });
});

import { expect, test } from "vitest";
import { tableLines } from "#cli/table.ts";
import { cutTo, plain, widthOf } from "#cli/width.ts";

const plainly = { columns: null, paint: (_: unknown, text: string) => text };

test("CJK letters and emoji count as two columns, marks as none", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["Anna", 4],
    ["佐藤 春香", 9],
    ["한국", 4],
    ["Zoë", 3],
    ["Zoe\u0308", 3],
    ["📈", 2],
    ["👩‍👩‍👧", 2],
    ["❤️", 2],
    ["→", 1],
  ];
  expect(cases.map(([text]) => [text, widthOf(text)])).toEqual(cases);
});

test("a text is cut before the letter that no longer fits, never through it", () => {
  expect(cutTo("Anna Berger", 6)).toBe("Anna …");
  expect(cutTo("佐藤春香", 6)).toBe("佐藤…");
  expect(widthOf(cutTo("佐藤春香", 6))).toBeLessThanOrEqual(6);
  expect(cutTo("Anna", 4)).toBe("Anna");
});

test("what stands in a name can't move the cursor, colour the screen or turn the line round", () => {
  expect(plain("A\u001b[31mB\r\nC\u202eD\tE")).toBe("A\ufffd[31mB C\ufffdD E");
});

test("columns are aligned by what is seen, figures to the right, empty columns left out", () => {
  const rows = [
    ["佐藤 春香", "3", "", "日本"],
    ["Ben", "12", "", "South"],
  ];
  expect(tableLines(["who", "count", "note", "where"], rows, plainly)).toEqual([
    "who        count  where",
    "佐藤 春香      3  日本",
    "Ben           12  South",
  ]);
});

test("a table is made to fit the screen; only its last column, which says why, goes on in further lines", () => {
  const rows = [["1", "anna.berger@example.com", "a reason that is far too long for any screen of forty columns"]];
  const lines = tableLines(["id", "address", "reason"], rows, { ...plainly, columns: 40 });
  expect(lines.every((line) => widthOf(line) <= 40)).toBe(true);
  expect(lines[1]).toMatch(/^ 1 {2}anna\S*… {2}a reason/);
  expect(
    lines
      .slice(1)
      .map((line) => line.slice(22).trim())
      .join(" "),
  ).toBe(rows[0]?.[2]);
});

test("a table of no rows prints nothing", () => {
  expect(tableLines(["a", "b"], [], plainly)).toEqual([]);
});

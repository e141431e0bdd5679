import { expect, test } from "vitest";
import { tableOf } from "#compose/tables.ts";
import { evidenceOfRows, readRows } from "#render/rows.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ["a semicolon in a cell", "Region,Product\nNorth,Tea; green\n", [["North", "Tea; green"]]],
  ["semicolons between columns", 'Region;Product\r\nNorth;"Tea, green"\r\n', [["North", "Tea, green"]]],
  ["tabs between columns", "Region\tProduct\nNorth\tTea, green; loose\n", [["North", "Tea, green; loose"]]],
  [
    "lines that end in two ways",
    "Region,Product\r\nNorth,Tea\nSouth,Tea\r\n",
    [
      ["North", "Tea"],
      ["South", "Tea"],
    ],
  ],
])("rows with %s are proven as people get them", (_, csv, rows) => {
  expect(readRows(bytes(csv))).toEqual({ columns: ["Region", "Product"], rows });
  expect(tableOf(bytes(csv))).toEqual({ columns: ["Region", "Product"], rows });
});

test("a second table below the first is no CSV", () => {
  expect(() => readRows(bytes("Region,Product\nNorth,Tea\n\nRegion\nSouth\n"))).toThrow("can't be read");
  const alike = evidenceOfRows(readRows(bytes("Region,Product\nNorth,Tea\n\nRegion,Product\nSouth,Tea\n")));
  expect(Object.keys(alike.values["Region"] ?? {})).toEqual(["North", "Region", "South"]);
});

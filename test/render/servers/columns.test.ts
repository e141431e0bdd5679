import { describe, expect, test } from "vitest";
import { columnsIn } from "#render/servers/columns.ts";

describe("columnsIn", () => {
  test.each<[string, unknown, object | null]>([
    [
      "a list of rows",
      { rows: [{ Region: "North", Orders: 3 }, { Region: "South" }] },
      { Region: ["North", "South"], Orders: ["3"] },
    ],
    ["a list at the top", [{ Region: "North" }, { Region: "North" }], { Region: ["North"] }],
    [
      "Superset's results",
      { result: [{ status: "success", data: [{ region: "North" }] }] },
      { status: ["success"], region: ["North"] },
    ],
    [
      "Redash's results",
      { query_result: { data: { columns: [], rows: [{ region: "North" }] } } },
      { region: ["North"] },
    ],
    [
      "Metabase's table",
      {
        data: {
          cols: [{ name: "REGION" }, { name: "N" }],
          rows: [
            ["North", 1],
            ["South", 2],
          ],
        },
      },
      { REGION: ["North", "South"], N: ["1", "2"] },
    ],
    [
      "Grafana's frames",
      {
        results: {
          A: { frames: [{ schema: { fields: [{ name: "region" }] }, data: { values: [["North", "South"]] } }] },
        },
      },
      { region: ["North", "South"] },
    ],
    [
      "totals without a region",
      [{ Region: "North" }, { Region: null, Orders: 9 }],
      { Region: ["North"], Orders: ["9"] },
    ],
    ["an answer without rows", { ok: true }, null],
    ["no answer", undefined, null],
  ])("finds the columns of %s", (_, answer, columns) => {
    const found = columnsIn(answer);
    expect(found).toEqual(columns);
  });

  test("stops at 200 values and isn't led into the deep", () => {
    const many = Array.from({ length: 500 }, (_, at) => ({ Region: `r${at}` }));
    expect(columnsIn(many)?.Region).toHaveLength(200);
    let deep: unknown = [{ Region: "North" }];
    for (let at = 0; at < 10_000; at += 1) deep = [deep];
    expect(columnsIn(deep)).toBeNull();
  });
});

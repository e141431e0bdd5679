import { describe, expect, test } from "vitest";
import type { Question } from "#proof/plan/judgement.ts";
import { judge } from "#proof/plan.ts";
import { csv, question, rules } from "../evidence.ts";

const judged = (evidence: Question["evidence"]["csv"], more: Partial<Question> = {}) =>
  judge(question({ csv: evidence }, { formats: ["csv"], ...more }))[0];

const twice = {
  columns: ["Region", "Region"],
  rows: 1,
  values: { Region: { North: 1 } },
  cut: [],
};

describe("the rows of a CSV", () => {
  test.each([
    ["a column by the filter's exact name", csv({ Region: { North: 1, South: 2 } }), "proven"],
    ["a column that differs by case and punctuation", csv({ "re_gion ": { North: 1, South: 2 } }), "proven"],
    ["cells with spaces around them", csv({ Region: { " North ": 1, South: 2 } }), "proven"],
    ["a foreign value", csv({ Region: { North: 1, West: 2 } }), "mismatch"],
    ["an empty cell", csv({ Region: { North: 1, South: 1, "": 1 } }), "mismatch"],
    ["a value in other case", csv({ Region: { north: 1 } }), "mismatch"],
    ["a foreign value in a column that is cut", csv({ Region: { North: 1, West: 2 } }, ["Region"]), "mismatch"],
    ["a column that is cut", csv({ Region: { North: 1 } }, ["Region"]), "unproven"],
    ["no such column", csv({ Country: { North: 1 } }), "unproven"],
    ["two columns that look alike", csv({ region: { North: 1 }, REGION: { North: 1 } }), "unproven"],
    ["the exact name and one that looks like it", csv({ Region: { North: 1 }, region: { West: 1 } }), "unproven"],
    ["two columns of one name", twice, "unproven"],
    ["rows without a cell", csv({ Region: { North: 1 }, Orders: { 5: 3 } }), "unproven"],
    ["no rows", csv({ Region: {} }), "empty"],
    ["no CSV", null, "unproven"],
  ] as const)("with %s", (_, evidence, verdict) => {
    expect(judged(evidence)?.verdict).toBe(verdict);
  });

  test("compares composed and decomposed umlauts alike, and leading zeros as text", () => {
    const filters = { Region: ["Zu\u0308rich"] };
    expect(judged(csv({ Region: { "Z\u00fcrich": 1 } }), { filters })?.verdict).toBe("proven");
    expect(judged(csv({ Branch: { 7: 1 } }), { filters: { Branch: ["007"] } })?.verdict).toBe("mismatch");
  });

  test("names the foreign values and their rows", () => {
    const found = judged(csv({ Region: { North: 4, West: 2, East: 1, "": 1 } }));
    expect(found?.evidence).toEqual([
      "Region: 4 of 8 rows hold something else in column “Region”: “West”, “East”, an empty cell.",
    ]);
  });

  test("tells a value without rows as a warning, since a quiet day is no leak", () => {
    const found = judged(csv({ Region: { North: 4 } }));
    expect(found).toMatchObject({ verdict: "proven", warnings: ["Region: there are no rows for “South”."] });
  });

  test("prefers the declared column, then the catalog's, then the likeness", () => {
    const both = csv({ Region: { West: 1 }, Area: { North: 1, South: 1 } });
    expect(judged(both, { rules: { ...rules, columns: { Region: "Area" } } })?.verdict).toBe("proven");
    const area = csv({ Region: { West: 2 }, Area: { North: 1, South: 1 } });
    expect(judged(area, { filterColumns: { Region: "Area" } })?.verdict).toBe("proven");
    expect(judged(area, { filterColumns: { Region: "Gone" } })?.verdict).toBe("mismatch");
  });

  test("says which columns there are and which setting names the right one", () => {
    const missing = judged(csv({ Area: { North: 1 }, Orders: { 5: 1 } }));
    expect(missing?.evidence).toEqual([
      "No column of the CSV is named like Region; it has “Area”, “Orders”. Name the right one in proof.columns: { Region: … }.",
    ]);
    const wrong = judged(csv({ Area: { North: 1 } }), { rules: { ...rules, columns: { Region: "Aera" } } });
    expect(wrong?.evidence[0]).toContain("no column “Aera”");
  });

  test("isn't fooled by columns and values named like parts of an object", () => {
    const filters = { constructor: ["__proto__"] };
    expect(judged(csv({ Area: { North: 1 } }), { filters })?.verdict).toBe("unproven");
    const odd = { columns: ["constructor"], rows: 1, values: { constructor: JSON.parse('{"__proto__": 1}') }, cut: [] };
    expect(judged(odd, { filters })?.verdict).toBe("proven");
  });
});

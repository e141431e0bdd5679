import { describe, expect, test } from "vitest";
import type { DataRequest } from "#model/render.ts";
import type { Question } from "#proof/plan/judgement.ts";
import { judge } from "#proof/plan.ts";
import { asked, posted, question, rules } from "../evidence.ts";

const judged = (requests: readonly DataRequest[], more: Partial<Question> = {}) =>
  judge(question({ requests }, { formats: ["png"], ...more }))[0];

const json = (body: unknown) => posted(JSON.stringify(body));
const both = ["North", "South"];

describe("the parameters of data requests", () => {
  test.each([
    ["a repeated key", asked(both)],
    ["a repeated key in another order", asked(["South", "North"])],
    ["a key with brackets", asked([], { url: "/api?Region[]=North&Region[]=South" })],
    ["one text with commas", asked(["North,South"])],
    ["one JSON list", asked(['["North","South"]'])],
    ["a form body", posted("region=North&region=South")],
    ["a JSON body", json({ filters: { region: both } })],
    ["a condition in a JSON body", json({ queries: [{ filters: [{ col: "region", op: "IN", val: both }] }] })],
    [
      "a condition by the name of its parameter",
      json({ parameters: [{ type: "string/=", slug: "region", value: both }] }),
    ],
    [
      "JSON within a query string",
      asked([], { url: `/api?parameters=${encodeURIComponent(JSON.stringify([{ slug: "region", value: both }]))}` }),
    ],
    ["JSON within JSON", json({ form: JSON.stringify({ Region: both }) })],
  ])("are read from %s", (_, request) => {
    expect(judged([request])).toMatchObject({ verdict: "proven" });
  });

  test.each([
    ["no filter", asked([]), "unproven"],
    ["a similar name", asked([], { url: "/api?Regions=North&Regions=South" }), "unproven"],
    ["an empty list", json({ Region: [] }), "unproven"],
    ["a condition that excludes", json({ filters: [{ col: "Region", op: "NOT IN", val: both }] }), "unproven"],
    ["a condition that excludes by its type", json([{ slug: "Region", type: "string/!=", value: both }]), "unproven"],
    ["a filter in only one of two queries", json({ queries: [{ Region: both }, { Year: 1 }] }), "unproven"],
    [
      "a filter in only one question of a batch",
      json([
        { query: "q", variables: { region: both } },
        { query: "q", variables: {} },
      ]),
      "unproven",
    ],
    ["a parameter that excludes", asked([], { url: "/api?Region!=North&Region!=South" }), "unproven"],
    ["a parameter that takes away", asked([], { url: "/api?-Region=North&-Region=South" }), "unproven"],
    ["an answer that is too large to be looked at", asked(both, { isTooLarge: true }), "unproven"],
    ["one value too few", asked(["North"]), "mismatch"],
    ["one value too many", asked([...both, "West"]), "mismatch"],
    ["another value in one of two places", json({ a: { Region: both }, b: { Region: ["West"] } }), "mismatch"],
  ] as const)("don't prove with %s", (_, request, verdict) => {
    expect(judged([request])?.verdict).toBe(verdict);
  });

  test("keep a comma within a value apart from one between values", () => {
    const filters = { Region: ["O'Brien, Coast", "North"] };
    expect(judged([asked(["O'Brien, Coast", "North"])], { filters })?.verdict).toBe("proven");
    expect(judged([asked(["O'Brien\\, Coast,North"])], { filters })?.verdict).toBe("proven");
    expect(judged([asked(["O'Brien, Coast,North"])], { filters })?.verdict).toBe("mismatch");
  });

  test("have the declared name, else the catalog's", () => {
    const request = asked([], { url: "/api?p1=North&p1=South" });
    expect(judged([request])?.verdict).toBe("unproven");
    expect(judged([request], { rules: { ...rules, parameters: { Region: "p1" } } })?.verdict).toBe("proven");
    expect(judged([request], { filterParameters: { Region: "p1" } })?.verdict).toBe("proven");
  });

  test("must be in every answered data request but the ignored ones", () => {
    const theme = asked([], { url: "https://bi.example.com/api/theme" });
    expect(judged([asked(both), theme])).toMatchObject({ verdict: "unproven" });
    expect(judged([asked(both), theme])?.evidence[0]).toContain("1 of 2 data requests of the page don't carry");
    expect(judged([asked(both), theme])?.evidence[0]).toContain("(/api/theme)");
    expect(judged([asked(both), theme], { rules: { ...rules, ignoreRequests: ["/api/theme"] } })?.verdict).toBe(
      "proven",
    );
  });

  test("of a refused or broken request neither prove nor object", () => {
    expect(judged([asked(both, { status: 500 })])?.verdict).toBe("unproven");
    expect(judged([asked(both, { status: 0 })])?.verdict).toBe("unproven");
    expect(judged([asked(both), asked([], { status: 404 })])?.verdict).toBe("proven");
  });
});

describe("the answers of data requests", () => {
  test("with somebody else's rows are a mismatch, whatever the request carried", () => {
    const found = judged([asked(both, { columns: { region: ["North", "West"] } })]);
    expect(found?.verdict).toBe("mismatch");
    expect(found?.evidence[0]).toContain("the answer of /api/data/revenue holds “West” in “region”");
  });

  test("are found by the declared and the catalog's column too", () => {
    const answer = asked(both, { columns: { area: ["West"] } });
    expect(judged([answer])?.verdict).toBe("proven");
    expect(judged([answer], { filterColumns: { Region: "area" } })?.verdict).toBe("mismatch");
    expect(judged([answer], { rules: { ...rules, columns: { Region: "area" } } })?.verdict).toBe("mismatch");
  });

  test("that only fill a menu can be ignored", () => {
    const menu = asked([], { url: "https://bi.example.com/api/menu", columns: { Region: ["North", "West"] } });
    expect(judged([asked(both), menu])?.verdict).toBe("mismatch");
    expect(judged([asked(both), menu], { rules: { ...rules, ignoreRequests: ["/api/menu"] } })?.verdict).toBe("proven");
  });
});

describe("a declared element", () => {
  const declared = { ...rules, elements: { Region: "#chip" } };
  const shown = (text: string, requests: readonly DataRequest[] = [], ignoreRequests: readonly string[] = []) =>
    judge(
      question({ requests, elements: { "#chip": text } }, { formats: ["png"], rules: { ...declared, ignoreRequests } }),
    )[0];

  test.each([
    ["North, South", "proven"],
    ["Region: South · North", "proven"],
    ["North", "unproven"],
    ["North, South, West", "unproven"],
    ["Northern, South", "unproven"],
    ["All", "unproven"],
    ["", "unproven"],
  ] as const)("that shows “%s” makes a page without data requests %s", (text, verdict) => {
    expect(shown(text)?.verdict).toBe(verdict);
  });

  test("isn't enough when the data requests don't carry what it shows", () => {
    const found = shown("North, South", [asked([])]);
    expect(found?.verdict).toBe("unproven");
    expect(found?.evidence.join(" ")).toContain("A page can show a filter and not apply it");
    expect(shown("North, South", [asked([], { status: 500 })])?.verdict).toBe("unproven");
  });

  test("is enough when the rules exempt all requests", () => {
    expect(shown("North, South", [asked([])], ["/api/"])?.verdict).toBe("proven");
  });

  test("has to agree with data requests that do carry the filter", () => {
    expect(shown("North, South", [asked(both)])?.verdict).toBe("proven");
    expect(shown("All", [asked(both)])?.verdict).toBe("unproven");
  });

  test("that isn't on the page is named", () => {
    expect(judged([], { rules: declared })?.evidence).toEqual([
      "Region: the page has no element #chip, which proof.elements names.",
    ]);
  });
});

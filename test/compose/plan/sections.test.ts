import { describe, expect, test } from "vitest";
import type { PartInput } from "#compose/plan/email.ts";
import { sectionsOf } from "#compose/plan/sections.ts";
import { emailFor, factFor, filesFor, partFor, reportFor, viewFor } from "../../support/emails.ts";

const withPart = (more: Partial<PartInput>) => ({
  sections: sectionsOf(emailFor({ parts: [partFor(more)] }), filesFor()),
});
const section = (heading: string, more: Partial<PartInput> = {}) =>
  partFor({ part: { ...partFor().part, heading, filters: { Region: [heading] } }, ...more });

describe("sections", () => {
  test("have their headings, facts and pictures in the delivery's order", () => {
    const parts = [section("North"), section("日本", { facts: [] })];
    const pictures = [0, 1].map((part) => ({ part, cid: `picture-${part + 1}@daybreak`, width: 576, height: 300 }));
    const sections = sectionsOf(emailFor({ parts }), filesFor({ pictures }));
    expect(sections.map(({ heading, picture }) => [heading, picture?.cid])).toEqual([
      ["North", "picture-1@daybreak"],
      ["日本", "picture-2@daybreak"],
    ]);
    expect(sections[1]?.picture?.alt).toBe("Picture of the dashboard: Daily Sales, 日本, Thursday 19 November");
  });

  test("of a bundle are headed by their reports", () => {
    const stock = reportFor({ name: "stock", title: "Stock" });
    const parts = [partFor(), partFor({ report: stock, view: viewFor({ name: "stock", title: "Stock view" }) })];
    expect(sectionsOf(emailFor({ parts }), filesFor()).map(({ heading }) => heading)).toEqual(["Daily Sales", "Stock"]);
  });

  test.each([
    [1, { lead: true, facts: 0, columns: 2 }],
    [2, { lead: false, facts: 2, columns: 2 }],
    [3, { lead: true, facts: 2, columns: 2 }],
    [4, { lead: true, facts: 3, columns: 3 }],
    [5, { lead: true, facts: 4, columns: 4 }],
    [6, { lead: true, facts: 5, columns: 3 }],
  ])("with %d facts are laid out as %o", (count, expected) => {
    const [made] = withPart({ facts: Array.from({ length: count }, (_, at) => factFor({ name: `f${at}` })) }).sections;
    expect({ lead: made?.lead !== null, facts: made?.facts.length, columns: made?.columns }).toEqual(expected);
  });

  test("give long figures more room", () => {
    const facts = Array.from({ length: 5 }, () => factFor({ shown: "1.234.567,89 €" }));
    expect(withPart({ facts }).sections[0]?.columns).toBe(2);
  });

  test("say once what all of their figures are compared with", () => {
    const other = { shown: "▲ 1%", against: "vs last week", tone: "good" } as const;
    const [same] = withPart({ facts: [factFor(), factFor(), factFor()] }).sections;
    expect(same).toMatchObject({ against: null, facts: [{ against: null }, { against: null }] });
    const [once] = withPart({ facts: [factFor(), factFor({ change: other }), factFor({ change: other })] }).sections;
    expect(once).toMatchObject({ against: "vs last week", facts: [{ against: null }, { against: null }] });
    const [each] = withPart({ facts: [factFor(), factFor(), factFor({ change: other })] }).sections;
    expect(each).toMatchObject({ against: null, facts: [{ against: "vs Wed 18 Nov" }, { against: "vs last week" }] });
  });

  test("describe a fall without an arrow, which a screen reader would spell out", () => {
    const change = { shown: "▼ 1.8%", against: "", tone: "bad" } as const;
    const view = withPart({
      facts: [factFor({ change }), factFor({ label: "Units", shown: "9", change: { ...change, shown: "unchanged" } })],
    });
    expect(view.sections[0]?.picture?.alt).toContain("Revenue 12,340, down 1.8%; Units 9, unchanged");
  });

  test.each(["note", "skip"] as const)("without rows show no picture where the report says %s", (empty) => {
    const pictures = [{ part: 0, cid: "picture-1@daybreak", width: 576, height: 300 }];
    const parts = [partFor({ rows: 0, report: reportFor({ empty }) })];
    const [made] = sectionsOf(emailFor({ parts }), filesFor({ pictures }));
    expect(made).toMatchObject({ picture: null, lead: null, facts: [] });
    expect(made?.notes).toHaveLength(1);
  });
});

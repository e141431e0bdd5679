import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Judgement } from "#proof/plan/judgement.ts";
import { collisions, decide, judge, modeOf } from "#proof/plan.ts";
import { asked, csv, question, rules } from "./evidence.ts";

const verdicts = (judgements: readonly Judgement[]) => judgements.map(({ format, verdict }) => `${format} ${verdict}`);
const value = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => text.normalize("NFC").trim() !== "");
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 6, selector: (text) => text.normalize("NFC").trim() });
const counted = (list: readonly string[]) => Object.fromEntries(list.map((one) => [one, 3]));

describe("judge", () => {
  test("proves each format by its own evidence", () => {
    const evidence = { requests: [asked(["North", "South"])], csv: csv({ Region: { North: 2, South: 1 } }) };
    const judged = judge(question(evidence, { formats: ["png", "pdf", "csv", "xlsx"] }));
    expect(verdicts(judged)).toEqual(["png proven", "pdf proven", "csv proven", "xlsx proven"]);
    expect(judged[0]?.evidence).toEqual(["Region: the one data request of the page asked for “North”, “South”."]);
    expect(judged[2]?.evidence).toEqual(["Region: all 3 rows hold “North”, “South” in column “Region”."]);
  });

  test("has nothing to prove for a recipient who sees all", () => {
    const judged = judge(question({ requests: [asked([])] }, { filters: "all" }));
    expect(verdicts(judged)).toEqual(["png proven", "csv proven"]);
  });

  test("calls a view without rows empty, for those who see all as well", () => {
    const evidence = { requests: [asked(["North", "South"])], csv: csv({ Region: {} }) };
    expect(verdicts(judge(question(evidence)))).toEqual(["png empty", "csv empty"]);
    expect(verdicts(judge(question(evidence, { filters: "all" })))).toEqual(["png empty", "csv empty"]);
  });

  test("never calls an unproven page of an empty view merely empty", () => {
    const judged = judge(question({ requests: [asked([])], csv: csv({ Region: {} }) }));
    expect(verdicts(judged)).toEqual(["png unproven", "csv empty"]);
  });

  test("proves nothing without evidence, filters or values", () => {
    expect(verdicts(judge(question({})))).toEqual(["png unproven", "csv unproven"]);
    expect(verdicts(judge(question({}, { filters: {} })))).toEqual(["png unproven", "csv unproven"]);
    const rows = csv({ Region: { North: 1 } });
    expect(verdicts(judge(question({ csv: rows }, { filters: { Region: [] } })))).toEqual([
      "png unproven",
      "csv unproven",
    ]);
  });

  test("wants every filter proven, not just one", () => {
    const filters = { Region: ["North"], Year: ["2026"] };
    const judged = judge(question({ requests: [asked(["North"])], csv: csv({ Region: { North: 1 } }) }, { filters }));
    expect(verdicts(judged)).toEqual(["png unproven", "csv unproven"]);
  });

  test("a foreign value in the rows or in an answer is always caught", () => {
    const samples = fc
      .tuple(values, value)
      .filter(([own, odd]) => !own.some((one) => one.normalize("NFC").trim() === odd.normalize("NFC").trim()));
    fc.assert(
      fc.property(samples, ([own, odd]) => {
        const filters = { Region: own };
        const rows = csv({ Region: counted([...own, odd]) });
        const answer = asked(own, { columns: { Region: [...own, odd] } });
        const judged = judge(question({ requests: [asked(own), answer], csv: rows }, { filters }));
        expect(verdicts(judged)).toEqual(["png mismatch", "csv mismatch"]);
      }),
    );
  });

  test("a filter that one data request drops or changes is always caught", () => {
    fc.assert(
      fc.property(values, fc.nat(4), fc.boolean(), (own, before, dropped) => {
        const requests = [...Array(before).fill(asked(own)), asked(dropped ? [] : [...own, "Elsewhere!"]), asked(own)];
        const [png] = judge(question({ requests }, { filters: { Region: own }, formats: ["png"] }));
        expect(png?.verdict).toBe(dropped ? "unproven" : "mismatch");
      }),
    );
  });

  test("what carries exactly the recipient's values is always proven, and sees-all is never caught", () => {
    fc.assert(
      fc.property(values, (own) => {
        const evidence = { requests: [asked(own, { columns: { Region: own } })], csv: csv({ Region: counted(own) }) };
        expect(verdicts(judge(question(evidence, { filters: { Region: own } })))).toEqual(["png proven", "csv proven"]);
        expect(verdicts(judge(question(evidence, { filters: "all" })))).toEqual(["png proven", "csv proven"]);
      }),
    );
  });
});

describe("modeOf", () => {
  test("warns in trial and holds back when live, unless the report says otherwise", () => {
    expect([modeOf(rules, false), modeOf(rules, true)]).toEqual(["warn", "enforce"]);
    expect(modeOf({ ...rules, mode: "off" }, true)).toBe("off");
  });
});

describe("decide", () => {
  const one = (verdict: Judgement["verdict"], format: Judgement["format"] = "png"): Judgement => ({
    format,
    verdict,
    evidence: [`${format} is ${verdict}`],
    warnings: [],
  });

  test.each([
    ["enforce", ["proven"], "pass"],
    ["enforce", ["proven", "unproven"], "quarantine"],
    ["enforce", ["mismatch"], "quarantine"],
    ["enforce", [], "quarantine"],
    ["warn", ["unproven"], "pass"],
    ["warn", ["mismatch", "unproven"], "quarantine"],
    ["off", ["mismatch"], "pass"],
  ] as const)("of a live report in mode %s, %j comes to %s", (mode, list, outcome) => {
    const judged = list.map((verdict) => one(verdict));
    expect(decide({ judged, mode, isLive: true, empty: "note" }).outcome).toBe(outcome);
  });

  test("names what was held against an artifact, as reasons or as warnings", () => {
    const judged = [one("proven"), one("mismatch", "csv")];
    expect(decide({ judged, mode: "enforce", isLive: true, empty: "note" }).reasons).toEqual(["csv is mismatch"]);
    expect(decide({ judged, mode: "warn", isLive: false, empty: "note" }).warnings).toEqual(["csv is mismatch"]);
    expect(decide({ judged, mode: "off", isLive: true, empty: "note" }).warnings).toEqual([]);
  });

  test("lets what contradicts a filter pass in trial, where nobody but its owner sees it", () => {
    const judged = [one("mismatch")];
    expect(decide({ judged, mode: "warn", isLive: false, empty: "note" }).outcome).toBe("pass");
  });

  test("leaves an empty part to the report's policy", () => {
    const judged = [one("empty"), one("empty", "csv")];
    expect(decide({ judged, mode: "enforce", isLive: true, empty: "note" }).outcome).toBe("empty");
    expect(decide({ judged, mode: "enforce", isLive: true, empty: "skip" }).outcome).toBe("empty");
    expect(decide({ judged, mode: "enforce", isLive: true, empty: "send" }).outcome).toBe("pass");
  });

  test("doesn't hold back an empty part for a picture that stays at home, but does for a mismatch", () => {
    const unproven = [one("unproven"), one("empty", "csv")];
    expect(decide({ judged: unproven, mode: "enforce", isLive: true, empty: "note" }).outcome).toBe("empty");
    expect(decide({ judged: unproven, mode: "enforce", isLive: true, empty: "send" }).outcome).toBe("quarantine");
    const mismatch = [one("mismatch"), one("empty", "csv")];
    expect(decide({ judged: mismatch, mode: "enforce", isLive: true, empty: "note" }).outcome).toBe("quarantine");
  });
});

describe("collisions", () => {
  const sample = (deliveryId: string, filtersKey: string, more: object = {}) => ({
    deliveryId,
    filtersKey,
    format: "png" as const,
    sha256: "aa",
    verdict: "proven" as const,
    ...more,
  });

  test("flags both of two deliveries with other filters and the same bytes", () => {
    const found = collisions([sample("1", "north"), sample("2", "south"), sample("3", "east", { sha256: "bb" })]);
    expect(found.map(({ deliveryId, others }) => [deliveryId, others])).toEqual([
      ["1", ["2"]],
      ["2", ["1"]],
    ]);
  });

  test("leaves equal filters, other formats and empty ones alone", () => {
    expect(collisions([sample("1", "north"), sample("2", "north")])).toEqual([]);
    expect(collisions([sample("1", "north"), sample("2", "south", { format: "csv", verdict: "unproven" })])).toEqual(
      [],
    );
    const empty = { verdict: "empty" as const };
    expect(collisions([sample("1", "north", empty), sample("2", "south", empty)])).toEqual([]);
  });

  test("believes a CSV that is proven row by row", () => {
    const proven = { format: "csv" as const };
    const unproven = { format: "csv" as const, verdict: "unproven" as const };
    expect(collisions([sample("1", "north", proven), sample("2", "both", proven)])).toEqual([]);
    expect(collisions([sample("1", "north", unproven), sample("2", "both", unproven)])).toHaveLength(2);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Filters } from "#model/filters.ts";
import type { ServerKind } from "#render/port.ts";
import type { Pair } from "#render/servers/encode.ts";
import { withQuery } from "#render/servers/encode.ts";
import { grafanaPairs } from "#render/servers/grafana/filter.ts";
import { memoryOf } from "#render/servers/memory.ts";
import { metabasePairs } from "#render/servers/metabase/filter.ts";
import { redashPairs } from "#render/servers/redash/filter.ts";
import { samplePairs } from "#render/servers/sample/filter.ts";
import { supersetPairs } from "#render/servers/superset/filter.ts";
import { tableauPairs } from "#render/servers/tableau/filter.ts";
import { webPairs } from "#render/servers/web/filter.ts";
import { unrison } from "./rison.ts";
import { hardFilters, hardValues } from "./settings.ts";

const region = { name: "Region", column: null, values: null };
const at = <Detail>(detail: Detail) => {
  const memory = memoryOf<Detail>("main");
  memory.learn([{ keys: ["1"], path: "1", title: "", filters: [{ ...region, detail }] }]);
  return { server: "main", key: "1", memory };
};
const native = { id: "NATIVE_FILTER-abc", type: "filter_select", column: "region", isInverse: false };

/** Splits as the server would: at commas that no backslash precedes. */
const unescaped = (text: string): readonly string[] =>
  text
    .replace(/\\(.)/gsu, (_, char: string) => (char === "," ? "\u0001" : "\u0002"))
    .split(",")
    .map((part) => part.replaceAll("\u0001", ",").replaceAll("\u0002", "\\"));

interface Way {
  readonly pairs: (filters: Filters) => readonly Pair[];
  /** Reads the values back from the address, as the server does. */
  readonly read: (query: URLSearchParams) => readonly string[];
}

const rules = { viewUrl: "/{view}", csvUrl: null, filterPrefix: "f." };
const ways: Readonly<Record<Exclude<ServerKind, "web"> | "web repeat" | "web json", Way>> = {
  sample: { pairs: (filters) => samplePairs(filters, "main"), read: (query) => query.getAll("Region") },
  "web repeat": {
    pairs: (filters) => webPairs(filters, { ...rules, filterStyle: "repeat" }, "main"),
    read: (query) => query.getAll("f.Region"),
  },
  "web json": {
    pairs: (filters) => webPairs(filters, { ...rules, filterStyle: "json" }, "main"),
    read: (query) => JSON.parse(query.get("f.Region") ?? ""),
  },
  tableau: { pairs: (filters) => tableauPairs(filters, "main"), read: (query) => unescaped(query.get("Region") ?? "") },
  superset: {
    pairs: (filters) => supersetPairs(filters, at(native)),
    read: (query) => {
      const mask = unrison(query.get("native_filters") ?? "")["NATIVE_FILTER-abc"];
      expect(mask.extraFormData.filters[0].val).toEqual(mask.filterState.value);
      return mask.filterState.value;
    },
  },
  metabase: {
    pairs: (filters) => metabasePairs(filters, at({ slug: "region", type: "string/=" })),
    read: (query) => query.getAll("region"),
  },
  grafana: {
    pairs: (filters) => grafanaPairs(filters, at({ type: "query", isMulti: true, isUrlIgnored: false })),
    read: (query) => query.getAll("var-Region"),
  },
  redash: {
    pairs: (filters) => redashPairs(filters, at({ type: "query", isMulti: true })),
    read: (query) => JSON.parse(query.get("p_Region") ?? ""),
  },
};

describe.each(Object.entries(ways))("a filter in an address of %s", (_, { pairs, read }) => {
  const roundTrip = (filters: Filters): readonly string[] => {
    const address = withQuery("https://bi.example.com/view", pairs(filters));
    expect(address).toMatch(/^[\w.~:/?&=%-]*$/);
    return read(new URL(address).searchParams);
  };

  test("comes back with exactly its values, whatever they hold", () => {
    fc.assert(
      fc.property(hardFilters, (filters) => {
        expect(roundTrip(filters)).toEqual(filters.Region);
      }),
    );
  });

  test.each(hardValues)("comes back from %s", (value) => {
    expect(roundTrip({ Region: [value] })).toEqual([value]);
    expect(roundTrip({ Region: [value, "North"] })).toEqual([value, "North"]);
  });

  test("is nothing at all for a recipient who sees all", () => {
    expect(pairs("all")).toEqual([]);
  });

  test.each<[string, Filters]>([
    ["an empty list", { Region: [] }],
    ["an empty value", { Region: [""] }],
    ["no filter", {}],
    ["a line break", { Region: ["a\nb"] }],
    ["half a character", { Region: ["\ud83c"] }],
  ])("is refused with %s", (_why, filters) => {
    expect(() => pairs(filters)).toThrow(expect.objectContaining({ code: "server.filter-unknown" }));
  });
});

describe("what a kind can't be asked for is refused", () => {
  const refusal = (why: RegExp) =>
    expect.objectContaining({ code: "server.filter-unknown", message: expect.stringMatching(why) });
  const north = { Region: ["North"] };

  test("a filter that the view doesn't have", () => {
    const place = at(native);
    expect(() => supersetPairs({ Regoin: ["North"] }, place)).toThrow(refusal(/no filter “Regoin”/));
    expect(() => supersetPairs(north, { ...place, key: "2" })).toThrow(refusal(/aren't known/));
  });

  test("a comma where commas separate and nothing escapes them", () => {
    expect(() => webPairs({ Region: ["a, b"] }, { ...rules, filterStyle: "comma" }, "main")).toThrow(
      refusal(/holds a comma/),
    );
    expect(webPairs({ Region: ["a", "b"] }, { ...rules, filterStyle: "comma" }, "main")).toEqual([["f.Region", "a,b"]]);
  });

  test("a value that Redash would replace by the first of its enum", () => {
    const memory = memoryOf<{ type: string; isMulti: boolean }>("main");
    const detail = { type: "enum", isMulti: false };
    memory.learn([{ keys: ["1"], path: "1", title: "", filters: [{ ...region, values: ["North", "South"], detail }] }]);
    const place = { server: "main", key: "1", memory };
    expect(redashPairs(north, place)).toEqual([["p_Region", "North"]]);
    expect(() => redashPairs({ Region: ["West"] }, place)).toThrow(refusal(/doesn't offer “West”/));
    expect(() => redashPairs({ Region: ["North", "South"] }, place)).toThrow(refusal(/takes one value only/));
  });

  test("a Grafana variable that would take everything, nothing, or one value of two", () => {
    const variable = { type: "query", isMulti: true, isUrlIgnored: false };
    expect(() => grafanaPairs({ Region: ["$__all"] }, at(variable))).toThrow(refusal(/every value/));
    expect(() => grafanaPairs(north, at({ ...variable, isUrlIgnored: true }))).toThrow(refusal(/skipUrlSync/));
    expect(() => grafanaPairs(north, at({ ...variable, type: "adhoc" }))).toThrow(refusal(/adhoc/));
    const single = at({ ...variable, isMulti: false });
    expect(() => grafanaPairs({ Region: ["a", "b"] }, single)).toThrow(refusal(/one value only/));
  });

  test("a filter that excludes what is chosen", () => {
    expect(() => metabasePairs(north, at({ slug: "region", type: "string/!=" }))).toThrow(refusal(/not by equality/));
    expect(() => supersetPairs(north, at({ ...native, isInverse: true }))).toThrow(refusal(/excludes/));
    expect(() => supersetPairs(north, at({ ...native, type: "filter_range" }))).toThrow(refusal(/filter_range/));
  });

  test("a name that is an option of the page", () => {
    expect(() => tableauPairs({ ":embed": ["n"] }, "main")).toThrow(refusal(/option/));
    expect(() => samplePairs({ lang: ["de"] }, "main")).toThrow(refusal(/parameter of the page/));
  });
});

test("Superset's time filter becomes a time range", () => {
  const [pair] = supersetPairs({ Region: ["Last week"] }, at({ ...native, type: "filter_time" }));
  expect(unrison(pair?.[1] ?? "")).toEqual({
    "NATIVE_FILTER-abc": {
      extraFormData: { time_range: "Last week" },
      filterState: { value: "Last week" },
      id: "NATIVE_FILTER-abc",
      ownState: {},
    },
  });
});

test("Superset's shape is the one that its own reports write", () => {
  const [pair] = supersetPairs({ Region: ["value1", "value2"] }, at({ ...native, column: "country" }));
  expect(pair?.[1]).toBe(
    "(NATIVE_FILTER-abc:(extraFormData:(filters:!((col:'country',op:'IN',val:!('value1','value2')))),filterState:(label:'country',validateStatus:!f,value:!('value1','value2')),id:'NATIVE_FILTER-abc',ownState:()))",
  );
});

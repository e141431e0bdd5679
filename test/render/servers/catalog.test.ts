import { describe, expect, test } from "vitest";
import type { Ask } from "#render/servers/ask.ts";
import { grafanaCatalog } from "#render/servers/grafana/catalog.ts";
import type { GrafanaVariable } from "#render/servers/grafana/filter.ts";
import { memoryOf } from "#render/servers/memory.ts";
import { metabaseCatalog, metabaseKey } from "#render/servers/metabase/catalog.ts";
import type { MetabaseParameter } from "#render/servers/metabase/filter.ts";
import { metabasePairs } from "#render/servers/metabase/filter.ts";
import { redashCatalog } from "#render/servers/redash/catalog.ts";
import type { RedashParameter } from "#render/servers/redash/filter.ts";
import { redashPairs } from "#render/servers/redash/filter.ts";
import { supersetCatalog, supersetKey } from "#render/servers/superset/catalog.ts";
import type { NativeFilter } from "#render/servers/superset/filter.ts";
import { supersetPairs } from "#render/servers/superset/filter.ts";

/** A server that answers these addresses with JSON, as the cited documents show it. */
const answering =
  (answers: Readonly<Record<string, unknown>>): Ask =>
  async (path) => {
    if (!(path in answers)) throw new Error(`Nobody should ask for ${path}`);
    return answers[path];
  };

describe("Superset's catalog", () => {
  const filter = {
    id: "NATIVE_FILTER-x1",
    name: "Region",
    filterType: "filter_select",
    targets: [{ datasetId: 3, column: { name: "sales_region" } }],
    controlValues: { multiSelect: true, inverseSelection: false },
  };
  const divider = { id: "NATIVE_FILTER_DIVIDER-1", type: "DIVIDER", title: "Places" };
  const dashboard = {
    id: 12,
    slug: "sales",
    dashboard_title: "Daily sales",
    json_metadata: JSON.stringify({ native_filter_configuration: [filter, divider] }),
  };
  const ask = answering({
    "/api/v1/dashboard/?q=%28page%3A0%2Cpage_size%3A100%29": { result: [dashboard] },
    "/api/v1/dashboard/sales": { result: dashboard },
  });

  test("lists dashboards, and the filters of those that are named", async () => {
    const memory = memoryOf<NativeFilter>("main");
    expect(await supersetCatalog(ask, null, memory)).toEqual([{ path: "sales", title: "Daily sales", filters: null }]);
    expect(await supersetCatalog(ask, ["sales"], memory)).toEqual([
      {
        path: "sales",
        title: "Daily sales",
        filters: [{ name: "Region", column: "sales_region", parameter: "sales_region", values: null }],
      },
    ]);
  });

  test("is what the addresses are built from, by slug and by id", async () => {
    const memory = memoryOf<NativeFilter>("main");
    await supersetCatalog(ask, ["sales"], memory);
    const pairs = (key: string) => supersetPairs({ Region: ["North"] }, { server: "main", key, memory });
    expect(pairs("sales")[0]?.[1]).toContain("col:'sales_region'");
    expect(pairs("12")).toEqual(pairs("sales"));
  });

  test("knows a dashboard by id, slug or its address", () => {
    expect(["12", "sales", "/superset/dashboard/sales/", "sales?tab=2"].map(supersetKey)).toEqual([
      "12",
      "sales",
      "sales",
      "sales",
    ]);
  });
});

test("Metabase's catalog gives the slug to addresses and the id to the proof", async () => {
  const memory = memoryOf<MetabaseParameter>("main");
  const parameters = [{ id: "a1b2", name: "Sales Region", slug: "sales_region", type: "string/=" }];
  const ask = answering({
    "/api/dashboard": [{ id: 7, name: "Sales" }],
    "/api/dashboard/7": { id: 7, name: "Sales", parameters },
    "/api/public/dashboard/0f-1": { name: "Shared", parameters },
  });
  expect(await metabaseCatalog(ask, null, memory)).toEqual([{ path: "7", title: "Sales", filters: null }]);
  const [mine, shared] = await metabaseCatalog(ask, ["7-sales", "public/0f-1"], memory);
  expect(mine?.filters).toEqual([{ name: "Sales Region", column: null, values: null, parameter: "a1b2" }]);
  expect(shared?.title).toBe("Shared");
  const key = metabaseKey("dashboard/7-sales?tab=1");
  expect(metabasePairs({ "Sales Region": ["N"] }, { server: "main", key, memory })).toEqual([["sales_region", "N"]]);
});

test("Grafana's catalog knows which variables take several values or none", async () => {
  const memory = memoryOf<GrafanaVariable>("main");
  const list = [
    { name: "region", type: "query", multi: true },
    {
      name: "floor",
      type: "custom",
      multi: false,
      options: [
        { text: "One", value: "1" },
        { text: "Two", value: "2" },
      ],
    },
    { name: "fixed", type: "query", skipUrlSync: true },
  ];
  const ask = answering({
    "/api/search?type=dash-db": [{ uid: "abc", title: "Sales", url: "/d/abc/sales" }],
    "/api/dashboards/uid/abc": { dashboard: { uid: "abc", title: "Sales", templating: { list } } },
  });
  expect(await grafanaCatalog(ask, null, memory)).toEqual([{ path: "abc", title: "Sales", filters: null }]);
  const [view] = await grafanaCatalog(ask, ["abc/sales?from=now-1d"], memory);
  expect(view?.filters?.map(({ name, values }) => [name, values])).toEqual([
    ["region", null],
    ["floor", ["1", "2"]],
    ["fixed", null],
  ]);
});

describe("Redash's catalog", () => {
  const widget = (parameters: readonly unknown[], parameterMappings: object = {}) => ({
    options: { parameterMappings },
    visualization: { query: { options: { parameters } } },
  });
  const region = (enumOptions: string) => ({ name: "region", type: "enum", enumOptions, multiValuesOptions: null });
  const asDashboards = { region: { name: "region", type: "dashboard-level", mapTo: "Region" } };
  const views = async (widgets: readonly unknown[], memory = memoryOf<RedashParameter>("main")) =>
    redashCatalog(answering({ "/api/dashboards/3": { name: "Sales", widgets } }), ["3-sales"], memory);

  test("finds the parameters that widgets map to the dashboard", async () => {
    const fixed = { name: "year", type: "text" };
    const [view] = await views([
      widget([region("North\nSouth"), fixed], { ...asDashboards, year: { type: "static-value" } }),
    ]);
    expect(view?.filters).toEqual([{ name: "Region", column: null, values: ["North", "South"], parameter: "region" }]);
  });

  test("offers only what every query behind a parameter offers", async () => {
    const memory = memoryOf<RedashParameter>("main");
    await views(
      [widget([region("North\nSouth")], asDashboards), widget([region("South\nWest")], asDashboards)],
      memory,
    );
    const pairs = (value: string) => redashPairs({ Region: [value] }, { server: "main", key: "3", memory });
    expect(pairs("South")).toEqual([["p_Region", "South"]]);
    expect(() => pairs("North")).toThrow("doesn't offer “North”");
  });

  test("takes a text widget and an odd answer for what they are", async () => {
    const [view] = await views([{ text: "Hello" }, null, "odd"]);
    expect(view?.filters).toEqual([]);
  });
});

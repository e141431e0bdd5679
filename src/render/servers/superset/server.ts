import type { Filters } from "#model/filters.ts";
import type { ReportView } from "#model/report.ts";
import type { ReportServer, ServerSettings } from "#render/port.ts";
import { adapterOf, below } from "#render/servers/adapter.ts";
import type { Pair } from "#render/servers/encode.ts";
import { component, disjoint, ownQuery, withQuery } from "#render/servers/encode.ts";
import { memoryOf } from "#render/servers/memory.ts";
import { supersetCatalog, supersetKey } from "#render/servers/superset/catalog.ts";
import type { NativeFilter } from "#render/servers/superset/filter.ts";
import { supersetPairs } from "#render/servers/superset/filter.ts";
import { supersetReady, supersetTiles } from "#render/servers/superset/ready.ts";

/** Report mode: no navigation, title or tab bar (`DashboardStandaloneMode`); `force` passes by the cache. */
const mode: readonly Pair[] = [
  ["standalone", "3"],
  ["force", "true"],
];

/** Apache Superset; a view is a dashboard by its id, uuid or slug. All from documentation and public source. */
export const supersetServer = (settings: ServerSettings): ReportServer => {
  const memory = memoryOf<NativeFilter>(settings.name);
  const pairs = (view: ReportView, filters: Filters) =>
    supersetPairs(filters, { server: settings.name, key: supersetKey(view.path), memory });
  return adapterOf(settings, {
    pairs,
    address: (view, filters) => {
      const { own } = ownQuery(view.path);
      const dashboard = `${settings.url}/superset/dashboard/${component(supersetKey(view.path))}/`;
      return withQuery(dashboard, [...mode, ...disjoint(own, pairs(view, filters))]);
    },
    // A chart's CSV takes no filters in its address, and a dashboard has none.
    form: {
      path: "/login/",
      user: "input[name=username]",
      password: "input[name=password]",
      submit: "input[type=submit], button[type=submit]",
    },
    catalog: (ask, only) => supersetCatalog(ask, only, memory),
    ready: supersetReady,
    marks: { dashboard: null, ...supersetTiles, title: null, dataAsOf: null },
    isDataRequest: (url) => below(settings, url, ["/api/v1/chart/data"]),
    signInPaths: ["/login"],
  });
};

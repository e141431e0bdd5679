import type { Filters } from "#model/filters.ts";
import type { ReportView } from "#model/report.ts";
import type { ReportServer, ServerSettings } from "#render/port.ts";
import { adapterOf, below } from "#render/servers/adapter.ts";
import type { Pair } from "#render/servers/encode.ts";
import { component, disjoint, ownQuery, withQuery } from "#render/servers/encode.ts";
import { grafanaCatalog, grafanaKey, partsOf } from "#render/servers/grafana/catalog.ts";
import type { GrafanaVariable } from "#render/servers/grafana/filter.ts";
import { grafanaPairs } from "#render/servers/grafana/filter.ts";
import { grafanaReady } from "#render/servers/grafana/ready.ts";
import { memoryOf } from "#render/servers/memory.ts";
import { signInByPost } from "#render/servers/signin.ts";

/** Grafana; a view is a dashboard by its uid, with a time range in the path where wanted (`abc?from=now-1d&to=now`). All from documentation. */
export const grafanaServer = (settings: ServerSettings): ReportServer => {
  const memory = memoryOf<GrafanaVariable>(settings.name);
  const pairs = (view: ReportView, filters: Filters) =>
    grafanaPairs(filters, { server: settings.name, key: grafanaKey(view.path), memory });
  return adapterOf(settings, {
    pairs,
    address: (view, filters) => {
      const { own } = ownQuery(view.path);
      const look: readonly Pair[] = [["theme", view.look]];
      const all = [...disjoint(own, pairs(view, filters)), ...look];
      return `${withQuery(`${settings.url}/d/${partsOf(view.path).map(component).join("/")}`, all)}&kiosk`;
    },
    form: null,
    // The address that Grafana's own form posts to; JSON since 8.3 (grafana#8160, #45198). A service account's token is the better way.
    signInOwnWay: (page, signIn) => {
      const body = { user: signIn.user, password: signIn.password };
      return signInByPost(page, { settings, signIn, path: "/login", body });
    },
    catalog: (ask, only) => grafanaCatalog(ask, only, memory),
    ready: grafanaReady,
    marks: { dashboard: null, tile: null, brokenTile: null, title: null, dataAsOf: null },
    // Variables are written into the query's text, so these requests don't carry them by name; their answers are still looked at.
    isDataRequest: (url) => below(settings, url, ["/api/ds/query", "/api/datasources/proxy/"]),
    signInPaths: ["/login"],
  });
};

import type { Filters } from "#model/filters.ts";
import type { ReadySign, ReportView } from "#model/report.ts";
import type { ReportServer, ServerSettings } from "#render/port.ts";
import { adapterOf, below } from "#render/servers/adapter.ts";
import { component, disjoint, ownQuery, withQuery } from "#render/servers/encode.ts";
import { memoryOf } from "#render/servers/memory.ts";
import { redashCatalog, redashKey } from "#render/servers/redash/catalog.ts";
import type { RedashParameter } from "#render/servers/redash/filter.ts";
import { redashPairs } from "#render/servers/redash/filter.ts";

/** Tiles say whether they are being refreshed (VisualizationWidget.jsx); a dashboard without any such tile needs its own sign. */
const ready: ReadySign = {
  js: `(() => {
    const tiles = [...document.querySelectorAll("[data-refreshing]")];
    return tiles.length > 0 && tiles.every((tile) => tile.getAttribute("data-refreshing") === "false");
  })()`,
};

/** Redash; a view is a dashboard by its number or slug. All from public source. */
export const redashServer = (settings: ServerSettings): ReportServer => {
  const memory = memoryOf<RedashParameter>(settings.name);
  const pairs = (view: ReportView, filters: Filters) =>
    redashPairs(filters, { server: settings.name, key: redashKey(view.path), memory });
  return adapterOf(settings, {
    pairs,
    address: (view, filters) => {
      const { own } = ownQuery(view.path);
      const dashboard = `${settings.url}/dashboards/${component(redashKey(view.path))}`;
      return withQuery(dashboard, disjoint(own, pairs(view, filters)));
    },
    // `/api/queries/<id>/results.csv?p_…` gives the latest cached rows of whoever ran it last, unless the server allows parameters in
    // embeds (redash/handlers/query_results.py): somebody else's rows, without a word. So it is never asked.
    form: {
      path: "/login",
      user: "input[name=email]",
      password: "input[name=password]",
      submit: "form[name=login] button[type=submit]",
    },
    catalog: (ask, only) => redashCatalog(ask, only, memory),
    ready,
    marks: { dashboard: null, tile: "[data-refreshing]", brokenTile: null, title: null, dataAsOf: null },
    isDataRequest: (url) => below(settings, url, ["/api/queries/"]) && /\/results$/.test(url.pathname),
    signInPaths: ["/login"],
  });
};

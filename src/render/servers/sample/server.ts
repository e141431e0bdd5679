import type { ReportView } from "#model/report.ts";
import type { ReportServer, ServerSettings } from "#render/port.ts";
import { adapterOf, below } from "#render/servers/adapter.ts";
import { pathOf, withQuery } from "#render/servers/encode.ts";
import { checkNames, listedViews, nameBook } from "#render/servers/sample/catalog.ts";
import { samplePairs } from "#render/servers/sample/filter.ts";

/** The sample report server of the demo, which plays a BI server: see demo/server. */
export const sampleServer = (settings: ServerSettings): ReportServer => {
  const book = nameBook();
  const pairs = (view: ReportView, filters: Parameters<typeof samplePairs>[0]) => {
    checkNames(book, view.path, filters);
    return samplePairs(filters, settings.name);
  };
  return adapterOf(settings, {
    pairs,
    address: (view, filters, locale) => {
      const look = [
        ["lang", locale.split("-")[0] ?? locale],
        ["theme", view.look],
      ] as const;
      return withQuery(`${settings.url}/views/${pathOf(view.path)}`, [...pairs(view, filters), ...look]);
    },
    csvAddress: (view, filters) => withQuery(`${settings.url}/views/${pathOf(view.path)}.csv`, pairs(view, filters)),
    form: { path: "/signin", user: "[name=username]", password: "[name=password]", submit: "#signin [type=submit]" },
    catalog: (ask, only) => listedViews(ask, only, book),
    ready: { attribute: { selector: "main[data-dashboard]", name: "data-ready", value: "true" } },
    marks: {
      dashboard: "main[data-dashboard]",
      tile: "[data-tile]",
      brokenTile: '[data-tile][data-state="error"]',
      title: "main[data-dashboard] h1",
      dataAsOf: "main[data-dashboard] .as-of time",
    },
    isDataRequest: (url) => below(settings, url, ["/api/data/"]),
    signInPaths: ["/signin"],
  });
};

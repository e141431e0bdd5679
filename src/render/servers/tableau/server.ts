import type { Filters } from "#model/filters.ts";
import type { ReportView } from "#model/report.ts";
import type { ReportServer, ServerSettings } from "#render/port.ts";
import { adapterOf } from "#render/servers/adapter.ts";
import type { Pair } from "#render/servers/encode.ts";
import { disjoint, ownQuery, pathOf, withQuery } from "#render/servers/encode.ts";
import { tableauPairs } from "#render/servers/tableau/filter.ts";

/** Without Tableau's own frame, and with fresh data rather than a cached picture (VizAlerts, tabhttp.py). */
const options: readonly Pair[] = [
  [":embed", "y"],
  [":toolbar", "no"],
  [":tabs", "no"],
  [":refresh", "y"],
];

/**
 * Tableau Server and Cloud, by view URLs: `<url>/views/<workbook>/<sheet>?Region=North,South`. A site other than the default
 * is part of the base address (`https://tableau.example.com/t/marketing`). All from documentation.
 */
export const tableauServer = (settings: ServerSettings): ReportServer => {
  const pairs = (_: ReportView, filters: Filters) => tableauPairs(filters, settings.name);
  const view = (path: string): string => `${settings.url}/views/${pathOf(path)}`;
  return adapterOf(settings, {
    pairs,
    address: (of, filters) => {
      const { path, own } = split(of.path);
      return withQuery(view(path), [...disjoint(own, pairs(of, filters)), ...options]);
    },
    csvAddress: (of, filters) => {
      const { path, own } = split(of.path);
      return withQuery(`${view(path)}.csv`, [...disjoint(own, pairs(of, filters)), [":refresh", "y"]]);
    },
    // Unconfirmed: the fields of the sign-in page are not documented; describe them in signIn.form if they differ.
    form: {
      path: "/#/signin",
      user: "input[name=username]",
      password: "input[name=password]",
      submit: "button[type=submit]",
    },
    // The REST API has a sign-in of its own (X-Tableau-Auth), which a page's cookie isn't.
    catalog: async () => [],
    // No marker in the page is documented; `FirstInteractive` exists only for pages that embed the view.
    ready: null,
    marks: { dashboard: null, tile: null, brokenTile: null, title: null, dataAsOf: null },
    // The view is drawn by /vizql/ commands in a private format, so no request can carry a filter that the proof could read.
    isDataRequest: () => false,
    // The sign-in page lies at the server's root, also for a site of its own.
    signInPaths: [`${new URL(settings.url).origin}/#/signin`],
  });
};

/** A view's path as people copy it: perhaps with the `#/` of the page for people, `views/`, and `:iid=1` at its end. */
const split = (copied: string): { readonly path: string; readonly own: readonly Pair[] } => {
  const { path, own } = ownQuery(copied);
  return { path: path.replace(/^#?\/?(?:views\/)?/, ""), own: own.filter(([key]) => key !== ":iid") };
};

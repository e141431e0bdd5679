import type { Filters } from "#model/filters.ts";
import type { ReportView } from "#model/report.ts";
import type { ReportServer, ServerSettings, WebRules } from "#render/port.ts";
import { adapterOf } from "#render/servers/adapter.ts";
import { component, disjoint, ownQuery, pathOf, withQuery } from "#render/servers/encode.ts";
import { webPairs } from "#render/servers/web/filter.ts";

/** What holds where a page's rules are not described: the view's path is the page's, filters are repeated keys. */
const plain: WebRules = { viewUrl: "/{view}", csvUrl: null, filterStyle: "repeat", filterPrefix: "" };

/** Files that a page is made of; everything else that its scripts ask for may feed a tile. */
const isFile = (url: URL): boolean =>
  /\.(?:m?js|css|map|svg|png|jpe?g|gif|webp|ico|woff2?|ttf|otf)$/i.test(url.pathname);

/** Any web page that takes its view and filters from its address; what it can't know (sign-in form, ready sign) is set. */
export const webServer = (settings: ServerSettings): ReportServer => {
  const rules = settings.web ?? plain;
  const pairs = (_: ReportView, filters: Filters) => webPairs(filters, rules, settings.name);
  const filled = (template: string, view: ReportView, { filters, locale }: Filling): string => {
    const { path, own } = ownQuery(view.path);
    const address = template.replaceAll("{view}", () => pathOf(path)).replaceAll("{locale}", () => component(locale));
    return withQuery(absolute(settings.url, address), disjoint(own, pairs(view, filters)));
  };
  return adapterOf(settings, {
    pairs,
    address: (view, filters, locale) => filled(rules.viewUrl, view, { filters, locale }),
    csvAddress: (view, filters) =>
      rules.csvUrl === null ? null : filled(rules.csvUrl, view, { filters, locale: "en" }),
    form: null,
    catalog: async () => [],
    ready: null,
    marks: { dashboard: null, tile: null, brokenTile: null, title: null, dataAsOf: null },
    isDataRequest: (url) => !isFile(url),
    signInPaths: [],
  });
};

interface Filling {
  readonly filters: Filters;
  readonly locale: string;
}

/** Templates may be whole addresses or begin below the server's base. */
const absolute = (base: string, address: string): string =>
  /^https?:\/\//i.test(address) ? address : `${base}/${address.replace(/^\/+/, "")}`;

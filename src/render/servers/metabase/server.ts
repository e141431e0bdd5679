import type { Filters } from "#model/filters.ts";
import type { ReportView } from "#model/report.ts";
import type { ReportServer, ServerSettings } from "#render/port.ts";
import { adapterOf, below } from "#render/servers/adapter.ts";
import { component, disjoint, ownQuery, withQuery } from "#render/servers/encode.ts";
import { memoryOf } from "#render/servers/memory.ts";
import { metabaseCatalog, metabaseKey } from "#render/servers/metabase/catalog.ts";
import type { MetabaseParameter } from "#render/servers/metabase/filter.ts";
import { metabasePairs } from "#render/servers/metabase/filter.ts";
import { signInByPost } from "#render/servers/signin.ts";

/** Answers of cards: `…/dashcard/<d>/card/<c>/query`, and the same below `/api/public/` and `/api/embed/`. */
const cards =
  /\/api\/(?:public\/|embed\/)?(?:pivot\/)?dashboard\/(?:pivot\/)?[^/]+\/dashcard\/[^/]+\/card\/[^/]+(?:\/query)?$/;

/** Metabase; a view is a dashboard by its number, or `public/<uuid>` when it is shared. All from documentation. */
export const metabaseServer = (settings: ServerSettings): ReportServer => {
  const memory = memoryOf<MetabaseParameter>(settings.name);
  const pairs = (view: ReportView, filters: Filters) =>
    metabasePairs(filters, { server: settings.name, key: metabaseKey(view.path), memory });
  return adapterOf(settings, {
    pairs,
    address: (view, filters) => {
      const { own } = ownQuery(view.path);
      return withQuery(settings.url + placeOf(view), disjoint(own, pairs(view, filters)));
    },
    form: null,
    signInOwnWay: (page, signIn) => {
      const body = { username: signIn.user, password: signIn.password };
      return signInByPost(page, { settings, signIn, path: "/api/session", body });
    },
    catalog: (ask, only) => metabaseCatalog(ask, only, memory),
    // Nothing in the page is documented as a sign; even Metabase's own PDF shows loaders (metabase#33263).
    ready: null,
    marks: { dashboard: null, tile: null, brokenTile: null, title: null, dataAsOf: null },
    isDataRequest: (url) => below(settings, url, ["/api/"]) && cards.test(url.pathname),
    signInPaths: ["/auth/login"],
  });
};

/** Only shared dashboards have settings for their look, behind the `#`. */
const placeOf = (view: ReportView): string => {
  const key = metabaseKey(view.path);
  const [, shared] = /^public\/(.+)$/.exec(key) ?? [];
  if (shared === undefined) return `/dashboard/${component(key)}`;
  return `/public/dashboard/${component(shared)}#bordered=false&titled=true${view.look === "dark" ? "&theme=night" : ""}`;
};

import type { ServerKind } from "#render/port.ts";

/** What differs between the kinds; everything below holds for each of them. */
export interface Case {
  readonly path: string;
  /** A filter by the name that a report uses, with values that this kind takes. */
  readonly filter: string;
  /** The values as they stand in the address's query. */
  readonly read: (address: URL) => unknown;
  readonly hasCatalog: boolean;
  readonly hasCsv: boolean;
  readonly data: string;
  readonly noData: string;
  /** `null`: this kind has no form of its own. */
  readonly signInPage: string | null;
}

const rison = (address: URL): unknown =>
  [...(address.searchParams.get("native_filters") ?? "").matchAll(/value:!\(([^)]*)\)/g)].flatMap(([, list]) =>
    list?.replaceAll("'", "").split(","),
  );

/** Each kind with what the contract asks of it. */
export const cases: Readonly<Record<ServerKind, Case>> = {
  sample: {
    path: "Daily Sales Report/Yesterday Sales Summary",
    filter: "Region",
    read: (address) => address.searchParams.getAll("Region"),
    hasCatalog: true,
    hasCsv: true,
    data: "/api/data/revenue",
    noData: "/api/views",
    signInPage: "/signin",
  },
  web: {
    path: "sales/daily",
    filter: "Region",
    read: (address) => address.searchParams.getAll("Region"),
    hasCatalog: false,
    hasCsv: false,
    data: "/rows?of=sales",
    noData: "/app.js",
    signInPage: null,
  },
  tableau: {
    path: "Sales/Daily",
    filter: "Region",
    read: (address) => address.searchParams.get("Region")?.split(","),
    hasCatalog: false,
    hasCsv: true,
    data: "",
    noData: "/vizql/w/Sales/v/Daily/bootstrapSession/sessions/1",
    signInPage: "/#/signin",
  },
  superset: {
    path: "sales",
    filter: "Region",
    read: rison,
    hasCatalog: true,
    hasCsv: false,
    data: "/api/v1/chart/data?form_data=1",
    noData: "/api/v1/dashboard/12",
    signInPage: "/login/",
  },
  metabase: {
    path: "7-sales",
    filter: "Sales Region",
    read: (address) => address.searchParams.getAll("sales_region"),
    hasCatalog: true,
    hasCsv: false,
    data: "/api/dashboard/7/dashcard/1/card/2/query",
    noData: "/api/dashboard/7",
    signInPage: "/auth/login",
  },
  grafana: {
    path: "abc/sales?from=now-1d&to=now",
    filter: "region",
    read: (address) => address.searchParams.getAll("var-region"),
    hasCatalog: true,
    hasCsv: false,
    data: "/api/ds/query?ds_type=postgres",
    noData: "/api/dashboards/uid/abc",
    signInPage: "/login",
  },
  redash: {
    path: "3-sales",
    filter: "Region",
    read: (address) => JSON.parse(address.searchParams.get("p_Region") ?? ""),
    hasCatalog: true,
    hasCsv: false,
    data: "/api/queries/9/results",
    noData: "/api/query_results/4.json",
    signInPage: "/login",
  },
};

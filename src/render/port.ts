import type { Page } from "puppeteer";
import type { Filters } from "#model/filters.ts";
import type { ReadySign, ReportView } from "#model/report.ts";

/** A filter of a view, as the report server describes it. */
export interface FilterInfo {
  readonly name: string;
  /** Column of the view's CSV, where the server names it. */
  readonly column: string | null;
  /** The values it offers, where the server lists them. */
  readonly values: readonly string[] | null;
  /** The name under which the page's data requests carry it, where that isn't its own. */
  readonly parameter?: string;
}

/** A view as the report server lists it. `filters` is `null` where the server can't tell. */
export interface ViewInfo {
  readonly path: string;
  readonly title: string;
  readonly filters: readonly FilterInfo[] | null;
}

/** How the server is signed in to. Secrets are read from the environment or a file by `config/`, and never logged. */
export type SignIn =
  | { readonly via: "none" }
  | { readonly via: "form"; readonly user: string; readonly password: string; readonly form: FormFields | null }
  | { readonly via: "token"; readonly header: string; readonly value: string };

/** Where a sign-in form lies and what its fields are called. */
export interface FormFields {
  readonly path: string;
  readonly user: string;
  readonly password: string;
  readonly submit: string;
}

/** One report server's settings, resolved. */
export interface ServerSettings {
  readonly name: string;
  readonly kind: ServerKind;
  /** Base address without a slash at its end. */
  readonly url: string;
  /** Hosts (with port where not the scheme's own) that pages may go to, the server's own included. */
  readonly hosts: readonly string[];
  readonly signIn: SignIn;
  /** For kind `web`: `{view}` is replaced by the encoded path in `viewUrl`, `csvUrl`; filters are added by `filterStyle`. */
  readonly web: WebRules | null;
  readonly ready: ReadySign | null;
  readonly tileSelector: string | null;
  /** What is drawn: the dashboard without the server's own frame; `null`: the whole page. */
  readonly dashboardSelector: string | null;
}

/** How a plain web page takes its view and filters. */
export interface WebRules {
  readonly viewUrl: string;
  readonly csvUrl: string | null;
  readonly filterStyle: "repeat" | "comma" | "json";
  readonly filterPrefix: string;
}

export const serverKinds = ["sample", "web", "tableau", "superset", "metabase", "grafana", "redash"] as const;
export type ServerKind = (typeof serverKinds)[number];

/**
 * What Daybreak needs to know of one report server. Addresses are built, never pasted: `address` and `csvAddress` encode every
 * value. A page that is handed in is open, guarded and bounded by the caller.
 */
export interface ReportServer {
  readonly settings: ServerSettings;
  /** The page's address with its filters; throws `server.filter-unknown` for a filter that this kind can't express. */
  address(view: ReportView, filters: Filters, locale: string): string;
  /** The address of the same view's rows with the same filters; `null` where the server has none. */
  csvAddress(view: ReportView, filters: Filters): string | null;
  /** Headers that every request to the server's own hosts carries (token sign-in). */
  headers(): Readonly<Record<string, string>>;
  /** Signs in within `page`; nothing to do for `none` and `token`. Throws `server.signin`. */
  signIn(page: Page, limits: { readonly limitMs: number; readonly signal: AbortSignal }): Promise<void>;
  /**
   * The views this sign-in can see, asked from within the signed-in `page`. With `only`, just these paths, each with its
   * filters, which is one request a view on most kinds. What it learns is kept: `address` needs it on the kinds that
   * ignore a filter they don't know (Superset, Metabase, Grafana, Redash), and throws `server.filter-unknown` without it.
   */
  catalog(page: Page, signal: AbortSignal, only?: readonly string[]): Promise<readonly ViewInfo[]>;
  /** The positive sign that a view is drawn; `null`: the generic rule. */
  readySign(view: ReportView): ReadySign | null;
  /** Selectors that say what a tile is and which tiles are broken. */
  readonly marks: {
    readonly dashboard: string | null;
    readonly tile: string | null;
    readonly brokenTile: string | null;
    readonly title: string | null;
    readonly dataAsOf: string | null;
  };
  /** True for a request whose answer feeds a tile, so that the proof asks it to carry the filter. */
  isDataRequest(url: URL): boolean;
  /** Whether an address is this server's sign-in page. */
  isSignInPage(url: URL): boolean;
}

import type { Page } from "puppeteer";
import type { Filters } from "#model/filters.ts";
import type { ReadySign, ReportView } from "#model/report.ts";
import type { FormFields, ReportServer, ServerSettings, ViewInfo } from "#render/port.ts";
import type { Ask } from "#render/servers/ask.ts";
import { askFrom } from "#render/servers/ask.ts";
import type { Pair } from "#render/servers/encode.ts";
import { withQuery } from "#render/servers/encode.ts";
import type { FormSignIn, SignInLimits } from "#render/servers/signin.ts";
import { formUnknown, signInByForm } from "#render/servers/signin.ts";

/** What differs from kind to kind; the rest of a `ReportServer` is the same for all. */
export interface Kind {
  readonly address: ReportServer["address"];
  /** The server's own CSV; absent where it has none that honours filters. */
  readonly csvAddress?: ReportServer["csvAddress"];
  /** How filters become pairs of a query string, for a CSV address that the report names itself. */
  readonly pairs: (view: ReportView, filters: Filters) => readonly Pair[];
  readonly form: FormFields | null;
  /** The way by which this kind signs in where its form isn't described in the settings. */
  readonly signInOwnWay?: (page: Page, signIn: FormSignIn) => Promise<void>;
  readonly catalog: (ask: Ask, only: readonly string[] | null) => Promise<readonly ViewInfo[]>;
  readonly ready: ReadySign | null;
  readonly marks: ReportServer["marks"];
  readonly isDataRequest: (url: URL) => boolean;
  /** The sign-in page: paths below the base address, or whole addresses. */
  readonly signInPaths: readonly string[];
}

/** A kind with its settings as the port wants it; what the settings say stands before what the kind knows. */
export const adapterOf = (settings: ServerSettings, kind: Kind): ReportServer => {
  const headers = headersOf(settings);
  const isSignInPage = signInPageOf(settings, kind);
  return {
    settings,
    address: kind.address,
    csvAddress: (view, filters) => csvOf({ settings, kind }, view, filters),
    headers: () => headers,
    signIn: (page, limits) => signIn(page, { settings, kind, isSignInPage }, limits),
    catalog: (page, signal, only) => kind.catalog(askFrom(page, settings, { headers, signal }), only ?? null),
    readySign: (view) => view.ready ?? settings.ready ?? kind.ready,
    marks: {
      ...kind.marks,
      dashboard: settings.dashboardSelector ?? kind.marks.dashboard,
      tile: settings.tileSelector ?? kind.marks.tile,
    },
    isDataRequest: kind.isDataRequest,
    isSignInPage,
  };
};

const headersOf = ({ signIn }: ServerSettings): Readonly<Record<string, string>> =>
  signIn.via === "token" ? { [signIn.header]: signIn.value } : {};

const csvOf = (
  { settings, kind }: { readonly settings: ServerSettings; readonly kind: Kind },
  view: ReportView,
  filters: Filters,
): string | null => {
  if (view.csv === null) return kind.csvAddress?.(view, filters) ?? null;
  if ("table" in view.csv) return null;
  return withQuery(new URL(view.csv.url, `${settings.url}/`).href, kind.pairs(view, filters));
};

const signIn = async (
  page: Page,
  {
    settings,
    kind,
    isSignInPage,
  }: {
    readonly settings: ServerSettings;
    readonly kind: Kind;
    readonly isSignInPage: (url: URL) => boolean;
  },
  limits: SignInLimits,
): Promise<void> => {
  const { signIn: way } = settings;
  if (way.via !== "form") return;
  if (way.form === null && kind.signInOwnWay !== undefined) return kind.signInOwnWay(page, way);
  const fields = way.form ?? kind.form;
  if (fields === null) throw formUnknown(settings);
  await signInByForm(page, { settings, signIn: way, fields, isSignInPage }, limits);
};

const signInPageOf = ({ url, signIn: way }: ServerSettings, kind: Kind): ((url: URL) => boolean) => {
  const described = way.via === "form" && way.form !== null ? [way.form.path] : [];
  const pages = [...described, ...kind.signInPaths].map((path) => new URL(/^https?:/.test(path) ? path : url + path));
  return (here) => pages.some((page) => isSamePage(page, here));
};

/** The same page whatever its query says, with or without a slash at its end; a fragment counts where the page is told by it. */
const isSamePage = (page: URL, here: URL): boolean =>
  page.origin === here.origin &&
  bare(page.pathname) === bare(here.pathname) &&
  (page.hash === "" || here.hash.startsWith(page.hash));

const bare = (path: string): string => path.replace(/\/+$/, "");

/** True for an address below the server's base whose path goes on with one of `starts`. */
export const below = (settings: ServerSettings, url: URL, starts: readonly string[]): boolean => {
  const base = new URL(settings.url);
  return url.origin === base.origin && starts.some((start) => url.pathname.startsWith(bare(base.pathname) + start));
};

import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { type Answer, csvFile, html, json, seeOther } from "./answer.ts";
import { csvOf } from "./csv.ts";
import { dashboardPage } from "./dashboard-page.ts";
import { isoOf } from "./day.ts";
import { type Filters, filtersOf } from "./filters.ts";
import { foreign } from "./foreign.ts";
import { frontPage } from "./front-page.ts";
import type { Spell } from "./misbehaviour.ts";
import { noticePage } from "./shell.ts";
import { signinPage } from "./signin-page.ts";
import { readForm, safeNext } from "./signing.ts";
import type { SampleState } from "./state.ts";
import { type View, viewAt, views } from "./views.ts";
import { languageOf } from "./words.ts";

/** One request with what the routes need of it. */
export interface Visit {
  readonly state: SampleState;
  readonly request: IncomingMessage;
  readonly url: URL;
  /** Percent-decoded. */
  readonly path: string;
}

const usualDelayMs = 1000;

const known = (view: View): readonly (keyof Filters)[] => view.filters.map(({ name }) => name);

const linger = async (spell: Spell): Promise<void> => {
  const delay = spell.of("delay");
  if (delay !== undefined) await wait(delay.ms ?? usualDelayMs);
};

const notFound = (): Answer => html(noticePage(404, "No such page", "The address may have changed."), 404);

const page = async ({ state, request, url }: Visit, view: View): Promise<Answer> => {
  const asked = filtersOf(url.searchParams, known(view));
  const { load, spell } = state.mischief.castOverLoad(asked);
  await linger(spell);
  if (spell.has("http-500"))
    return html(noticePage(500, "Something went wrong", "The query engine is not available."), 500);
  if (spell.has("blank")) return html("<!doctype html><title></title><body></body>");
  if (spell.has("session-expires")) state.sessions.end(request);
  const filters = spell.has("filter-ignored") ? {} : asked;
  const theme = url.searchParams.get("theme") === "dark" ? "dark" : "light";
  const lang = languageOf(url.searchParams.get("lang"));
  return html(dashboardPage({ view, asOf: state.asOf(), lang, theme, filters, load, spell }));
};

const answeredFilters = (asked: Filters, spell: Spell): Filters => {
  if (spell.has("filter-ignored")) return {};
  return spell.has("foreign-rows") || spell.has("foreign-csv") ? foreign(asked) : asked;
};

const exported = async ({ state, url }: Visit, view: View): Promise<Answer> => {
  const asked = filtersOf(url.searchParams, known(view));
  const spell = state.mischief.cast("csv", asked);
  await linger(spell);
  if (spell.has("csv-error")) return html(noticePage(500, "The export failed", "Please try again later."), 500);
  const rows = view.exportRows({ ledger: state.ledger, asOf: state.asOf(), filters: answeredFilters(asked, spell) });
  return csvFile(csvOf(view.header, rows), `${view.title}.csv`);
};

const tile = async ({ state, request, url }: Visit, name: string): Promise<Answer | null> => {
  const view = viewAt(url.searchParams.get("view") ?? "");
  const found = view?.tiles.find((each) => each.name === name);
  if (view === undefined || found === undefined) return json({ error: "No such tile" }, 404);
  const asked = filtersOf(url.searchParams, known(view));
  const load = request.headers["x-page-load"];
  const spell = typeof load === "string" ? state.mischief.ofLoad(load) : state.mischief.cast("tile", asked);
  const chart = view.tiles.find(({ kind }) => kind === "trend" || kind === "cover")?.name;
  const hits = (kind: "tile-never-loads" | "tile-error"): boolean =>
    spell.has(kind) && (spell.of(kind)?.tile ?? chart) === name;
  if (hits("tile-never-loads")) return null;
  await wait(found.delayMs);
  await linger(spell);
  if (hits("tile-error")) return json({ error: "Query 7F-2140 was ended after 30 s by the database." }, 500);
  const asOf = state.asOf();
  const answer = found.answer({ ledger: state.ledger, asOf, filters: answeredFilters(asked, spell) });
  return json({ tile: name, asOf: isoOf(asOf), comparedWith: isoOf(asOf - 7), ...answer });
};

const signIn = async ({ state, request, url }: Visit): Promise<Answer> => {
  const next = safeNext(url.searchParams.get("next"));
  if (request.method !== "POST") return html(signinPage(next));
  const form = await readForm(request);
  const right = form?.get("username") === state.user && form.get("password") === state.password;
  if (!right) return html(signinPage(next, "That name and password do not go together."), 401);
  return seeOther(next, { "set-cookie": state.sessions.open() });
};

const shownView = ({ path, title, filters }: View): unknown => ({ path, title, filters, csv: true });

const api = (visit: Visit): Answer | Promise<Answer | null> => {
  if (visit.path === "/api/views") return json(views.map(shownView));
  if (visit.path.startsWith("/api/data/")) return tile(visit, visit.path.slice("/api/data/".length));
  return json({ error: "No such address" }, 404);
};

const underViews = (visit: Visit): Answer | Promise<Answer> => {
  const path = visit.path.slice("/views/".length);
  const view = viewAt(path);
  if (view !== undefined) return page(visit, view);
  const exportedView = path.endsWith(".csv") ? viewAt(path.slice(0, -".csv".length)) : undefined;
  return exportedView === undefined ? notFound() : exported(visit, exportedView);
};

const pageFolder = new URL("page/", import.meta.url);

const pageFile = async (name: string): Promise<Answer> => {
  if (!/^[a-z-]+\.(?:css|js)$/.test(name)) return notFound();
  const body = await readFile(new URL(name, pageFolder), "utf8").catch(() => null);
  if (body === null) return notFound();
  const type = name.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
  return { status: 200, type, body, headers: { "cache-control": "max-age=60" } };
};

const refused = ({ path, url }: Visit): Answer => {
  if (path.startsWith("/api/") || path.endsWith(".csv")) return json({ error: "Sign in first" }, 401);
  return seeOther(`/signin?next=${encodeURIComponent(url.pathname + url.search)}`);
};

const open = (visit: Visit): Promise<Answer> | Answer | undefined => {
  if (visit.path === "/api/about") return json({ product: "Meridian sample report server", version: "1" });
  if (visit.path === "/signin") return signIn(visit);
  if (visit.request.method !== "GET" && visit.request.method !== "HEAD") return json({ error: "Only GET" }, 405);
  return visit.path.startsWith("/page/") ? pageFile(visit.path.slice("/page/".length)) : undefined;
};

/** The answer to a request; null where the server shall never answer. */
export const answerTo = async (visit: Visit): Promise<Answer | null> => {
  const unguarded = open(visit);
  if (unguarded !== undefined) return unguarded;
  if (!visit.state.sessions.holds(visit.request)) return refused(visit);
  if (visit.path === "/") return html(frontPage(isoOf(visit.state.asOf())));
  if (visit.path.startsWith("/api/")) return api(visit);
  return visit.path.startsWith("/views/") ? underViews(visit) : notFound();
};

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { ServerKind } from "#render/port.ts";
import { startSampleServer } from "../../../demo/server/server.ts";

/** A report server, or as much of one as its documents describe, on 127.0.0.1. User `daybreak`, password `right`. */
export interface Double extends AsyncDisposable {
  readonly url: string;
  readonly password: string;
}

interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly html?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Routes = (request: {
  readonly path: string;
  readonly method: string;
  readonly body: string;
  readonly isIn: boolean;
}) => Answer;

const password = "right";
const session = { "set-cookie": "session=1; HttpOnly; Path=/" };
const unknown: Answer = { status: 404, html: "Nothing here" };

/** Starts the real sample server, or the double of another kind. */
export const startDouble = async (kind: ServerKind): Promise<Double> => {
  if (kind === "sample") return startSampleServer({ user: "daybreak", password });
  const server = createServer((request, response) => void answer(routes[kind], request, response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    password,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};

const answer = async (of: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const path = (request.url ?? "/").replace(/\?.*$/, "");
  const isIn = request.headers.cookie?.includes("session=1") ?? false;
  const {
    status = 200,
    json,
    html = "",
    headers,
  } = of({ path, method: request.method ?? "GET", body: await text(request), isIn });
  const type = json === undefined ? "text/html; charset=utf-8" : "application/json";
  response
    .writeHead(status, { "content-type": type, ...headers })
    .end(json === undefined ? html : JSON.stringify(json));
};

/** A sign-in form as Flask-AppBuilder (Superset) and Redash (redash/templates/login.html) draw theirs. */
const formPage = (title: string, user: string): Answer => ({
  html: `<title>${title}</title><form name="login" method="post"><input name="${user}"><input type="password" name="password"><button type="submit">Log in</button></form>`,
});

const form =
  (path: string, title: string, user: string): Routes =>
  (request) => {
    if (request.path !== path) return unknown;
    if (request.isIn) return { status: 302, headers: { location: "/home" } };
    if (request.method !== "POST") return formPage(title, user);
    const fields = new URLSearchParams(request.body);
    if (fields.get(user) !== "daybreak" || fields.get("password") !== password) return formPage(title, user);
    return { status: 302, headers: { ...session, location: "/home" } };
  };

const guarded = (isIn: boolean, json: unknown): Answer =>
  isIn ? { json } : { status: 401, json: { message: "Unauthorized" } };

const superset: Routes = (request) => {
  const { path, isIn } = request;
  const filter = {
    id: "NATIVE_FILTER-x1",
    name: "Region",
    filterType: "filter_select",
    targets: [{ datasetId: 3, column: { name: "region" } }],
  };
  const metadata = JSON.stringify({ native_filter_configuration: [filter] });
  const dashboard = { id: 12, slug: "sales", dashboard_title: "Sales", json_metadata: metadata };
  if (path === "/health") return { html: "OK" };
  if (path === "/api/v1/dashboard/") return guarded(isIn, { result: [dashboard] });
  if (path === "/api/v1/dashboard/sales") return guarded(isIn, { result: dashboard });
  return path === "/home" ? { html: "Welcome" } : form("/login/", "Superset", "username")(request);
};

const redash: Routes = (request) => {
  const { path, isIn } = request;
  const parameter = {
    name: "region",
    type: "enum",
    enumOptions: "North\nSouth",
    multiValuesOptions: { separator: "," },
  };
  const mapping = { region: { name: "region", type: "dashboard-level", mapTo: "Region" } };
  const widget = {
    options: { parameterMappings: mapping },
    visualization: { query: { options: { parameters: [parameter] } } },
  };
  if (path === "/ping") return { html: "PONG." };
  if (path === "/api/dashboards") return guarded(isIn, { results: [{ id: 3, slug: "sales", name: "Sales" }] });
  if (path === "/api/dashboards/3") return guarded(isIn, { name: "Sales", widgets: [widget] });
  return path === "/home" ? { html: "Welcome" } : form("/login", "Login | Redash", "email")(request);
};

/** `POST` of JSON that sets a cookie: Metabase's `/api/session` answers 401, Grafana's `/login` 401, to a wrong password. */
const posted = (body: string, user: string): Answer => {
  const fields: { readonly [field: string]: unknown } = JSON.parse(body);
  const isRight = fields[user] === "daybreak" && fields.password === password;
  return isRight ? { json: { id: "1" }, headers: session } : { status: 401, json: { message: "Invalid" } };
};

const metabase: Routes = ({ path, method, body, isIn }) => {
  const parameters = [{ id: "a1b2", name: "Sales Region", slug: "sales_region", type: "string/=" }];
  if (path === "/api/session/properties") return { json: { version: { tag: "v0.50.1" }, "has-user-setup": true } };
  if (path === "/api/session" && method === "POST") return posted(body, "username");
  if (path === "/api/dashboard") return guarded(isIn, [{ id: 7, name: "Sales" }]);
  return path === "/api/dashboard/7" ? guarded(isIn, { id: 7, name: "Sales", parameters }) : unknown;
};

const grafana: Routes = ({ path, method, body, isIn }) => {
  const list = [{ name: "region", type: "query", multi: true }];
  const dashboard = { uid: "abc", title: "Sales", templating: { list } };
  if (path === "/api/health") return { json: { commit: "087143285", database: "ok", version: "5.1.3" } };
  if (path === "/login" && method === "POST") return posted(body, "user");
  if (path === "/api/search") return guarded(isIn, [{ uid: "abc", title: "Sales", url: "/d/abc/sales" }]);
  return path === "/api/dashboards/uid/abc" ? guarded(isIn, { dashboard }) : unknown;
};

const tableau: Routes = ({ path }) =>
  path === "/api/3.4/serverinfo"
    ? { html: "<serverInfo><productVersion>2024.1</productVersion></serverInfo>" }
    : unknown;

const web: Routes = () => ({ html: "<h1>Hello</h1>" });

const routes: Readonly<Record<Exclude<ServerKind, "sample">, Routes>> = {
  web,
  tableau,
  superset,
  metabase,
  grafana,
  redash,
};

import { parse } from "csv-parse/sync";
import type { SampleServer } from "../../demo/server/server.ts";

/** A row of a tile or an export. */
export type Row = Readonly<Record<string, string>>;

/** Somebody at the sample server, with the cookie that a browser would keep. */
export interface Visitor {
  get(address: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** The rows of a tile asked for without a page. */
  tile(name: string, view: string, query?: string): Promise<readonly Row[]>;
  /** The rows of a view's CSV. */
  csv(view: string, query?: string): Promise<readonly Row[]>;
  /** What the page of a view tells its script, and its HTML. */
  page(view: string, query?: string): Promise<{ readonly html: string; readonly boot: Boot }>;
  /** A tile as the page's script asks for it. */
  tileOfPage(name: string, boot: Boot): Promise<Response>;
  /** The rows of that tile. */
  rowsOfPage(name: string, boot: Boot): Promise<readonly Row[]>;
}

/** The part of the page's own settings that tests look at. */
export interface Boot {
  readonly view: string;
  readonly load: string;
  readonly query: string;
  readonly leaveTo: string | null;
}

/** `Workbook/Sheet` → the path of its page. */
export const pathOf = (view: string): string => `/views/${view.split("/").map(encodeURIComponent).join("/")}`;

/** Posts the form as a browser does, without following the answer. */
export const postSignin = (server: SampleServer, password: string, next = "/"): Promise<Response> =>
  fetch(`${server.url}/signin?next=${encodeURIComponent(next)}`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ username: server.user, password }),
  });

const rowsOf = async (response: Response): Promise<readonly Row[]> => {
  const answer = (await response.json()) as { readonly rows: readonly Row[] };
  return answer.rows;
};

/** Signs in and gives what a signed-in visitor can do. */
export const visit = async (server: SampleServer): Promise<Visitor> => {
  const signedIn = await postSignin(server, server.password);
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const get: Visitor["get"] = (address, headers = {}) =>
    fetch(server.url + address, { redirect: "manual", headers: { cookie, ...headers } });
  const dataAddress = (name: string, view: string, query: string): string =>
    `/api/data/${name}?${new URLSearchParams({ view })}&${query}`;
  const tileOfPage: Visitor["tileOfPage"] = (name, { view, query, load }) =>
    get(dataAddress(name, view, query), { "x-page-load": load });
  return {
    get,
    tileOfPage,
    rowsOfPage: async (name, boot) => rowsOf(await tileOfPage(name, boot)),
    tile: async (name, view, query = "") => rowsOf(await get(dataAddress(name, view, query))),
    csv: async (view, query = "") => parse(await (await get(`${pathOf(view)}.csv?${query}`)).text(), { columns: true }),
    page: async (view, query = "") => {
      const html = await (await get(`${pathOf(view)}?${query}`)).text();
      const boot = /<script type="application\/json" id="boot">(.*?)<\/script>/s.exec(html)?.[1];
      return { html, boot: JSON.parse(boot ?? "{}") };
    },
  };
};

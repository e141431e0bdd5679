import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Answers one address of a small server. */
export type Answer = string | ((request: IncomingMessage, response: ServerResponse) => void);

/** A small web server for one test file, on this machine only. */
export interface Pages extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Host with port, as it stands in lists of hosts. */
  readonly host: string;
  /** What was asked for, method and path with query. */
  readonly asked: string[];
  readonly headersOf: (path: string) => IncomingMessage["headers"] | undefined;
}

/** Starts a server whose addresses are the keys of `answers`; a text is an HTML page. */
export const startPages = async (answers: Readonly<Record<string, Answer>>): Promise<Pages> => {
  const asked: string[] = [];
  const headers = new Map<string, IncomingMessage["headers"]>();
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { pathname } = new URL(request.url ?? "/", "http://here");
    headers.set(pathname, request.headers);
    const answer = answers[pathname];
    if (answer === undefined) return void response.writeHead(404, html).end("<h1>Not found</h1>");
    if (typeof answer === "string") return void response.writeHead(200, html).end(answer);
    answer(request, response);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    asked,
    headersOf: (path) => headers.get(path),
    [Symbol.asyncDispose]: () => close(server),
  };
};

const html = { "content-type": "text/html; charset=utf-8" } as const;

/** A whole page around a body. */
export const pageOf = (body: string, head = ""): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test view</title>${head}</head><body>${body}</body></html>`;

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

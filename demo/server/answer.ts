import type { ServerResponse } from "node:http";

/** An answer to a request, before it is written. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const noStore = { "cache-control": "no-store" };

/** A page; never cached, since the next look may need another sign-in. */
export const html = (body: string, status = 200): Answer => ({
  status,
  type: "text/html; charset=utf-8",
  body,
  headers: noStore,
});

/** A JSON document. */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  type: "application/json; charset=utf-8",
  body: JSON.stringify(value),
  headers: noStore,
});

/** A CSV file to be kept under that name. */
export const csvFile = (body: string, name: string): Answer => ({
  status: 200,
  type: "text/csv; charset=utf-8",
  body,
  headers: { ...noStore, "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}` },
});

/** "Look over there", with a GET. */
export const seeOther = (location: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 303,
  type: "text/plain; charset=utf-8",
  body: "",
  headers: { ...noStore, ...headers, location },
});

/** Writes the answer, unless nobody waits for it any more. */
export const write = (response: ServerResponse, { status, type, body, headers }: Answer): void => {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), ...headers });
  response.end(body);
};

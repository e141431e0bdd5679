import type { HTTPRequest, Page } from "puppeteer";

/** A request that the page's own code made for data. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  /** At most 64 kB of it; `null`: it had none. */
  readonly postBody: string | null;
  /** 0: no answer. */
  readonly status: number;
  /** The JSON answer, parsed; `undefined`: it was none, larger than 1 MB, or gone before it could be read. */
  readonly json: unknown;
}

/** A request that has not been answered yet. */
export interface OpenRequest {
  readonly method: string;
  readonly url: string;
  readonly forMs: number;
}

/** Keeps what one page load asks for. */
export interface Recorder {
  /** Forgets everything: a new render begins. */
  readonly reset: () => void;
  /** The data requests so far, in the order in which they were made, once the bodies on their way are read. */
  readonly requests: () => Promise<readonly RecordedRequest[]>;
  /** Requests without an answer, the oldest first. Sockets, event streams and pings never count: they stay open for ever. */
  readonly open: () => readonly OpenRequest[];
  /** Milliseconds since the last request began or ended; 0 while one is open whose address holds none of `ignored`. */
  readonly quietMs: (ignored?: readonly string[]) => number;
  /** Origins that the page has talked to. */
  readonly origins: () => ReadonlySet<string>;
}

const mostPostBytes = 65_536;
const mostJsonBytes = 1_048_576;
const mostRequests = 500;
const neverDone: ReadonlySet<string> = new Set(["eventsource", "websocket", "ping", "cspviolationreport"]);
const dataTypes: ReadonlySet<string> = new Set(["xhr", "fetch"]);

interface Entry {
  readonly request: HTTPRequest;
  readonly postBody: string | null;
  status: number;
  json: unknown;
}

interface State {
  open: Map<HTTPRequest, number>;
  entries: Entry[];
  reading: Set<Promise<void>>;
  origins: Set<string>;
  changed: number;
}

/** Starts to record a page. */
export const recordPage = (page: Page): Recorder => {
  const state = emptyState();
  page.on("request", (request) => begun(state, request));
  page.on("requestfinished", (request) => ended(state, request));
  page.on("requestfailed", (request) => ended(state, request));
  return {
    reset: () => void Object.assign(state, emptyState()),
    requests: async () => {
      await Promise.all(state.reading);
      return state.entries.map(({ request, postBody, status, json }) => ({
        method: request.method(),
        url: request.url(),
        postBody,
        status,
        json,
      }));
    },
    open: () => openOf(state),
    quietMs: (ignored = []) => {
      const isBusy = openOf(state).some(({ url }) => !ignored.some((part) => url.includes(part)));
      return isBusy ? 0 : performance.now() - state.changed;
    },
    origins: () => state.origins,
  };
};

const emptyState = (): State => ({
  open: new Map(),
  entries: [],
  reading: new Set(),
  origins: new Set(),
  changed: performance.now(),
});

const openOf = (state: State): readonly OpenRequest[] =>
  [...state.open].map(([request, since]) => ({
    method: request.method(),
    url: request.url(),
    forMs: Math.round(performance.now() - since),
  }));

const begun = (state: State, request: HTTPRequest): void => {
  const url = request.url();
  if (!/^https?:/.test(url) || neverDone.has(request.resourceType())) return;
  state.changed = performance.now();
  state.open.set(request, state.changed);
  state.origins.add(new URL(url).origin);
  if (!dataTypes.has(request.resourceType()) || request.method() === "OPTIONS") return;
  if (state.entries.length >= mostRequests) return;
  state.entries.push({ request, postBody: cut(request.postData()), status: 0, json: undefined });
};

const cut = (body: string | undefined): string | null => (body === undefined ? null : body.slice(0, mostPostBytes));

const ended = (state: State, request: HTTPRequest): void => {
  if (!state.open.delete(request)) return;
  state.changed = performance.now();
  const entry = state.entries.find((one) => one.request === request);
  if (entry === undefined) return;
  entry.status = request.response()?.status() ?? 0;
  const reading = readJson(request).then((json) => {
    entry.json = json;
    state.reading.delete(reading);
  });
  state.reading.add(reading);
};

const readJson = async (request: HTTPRequest): Promise<unknown> => {
  const response = request.response();
  if (response === null || !/\bjson\b/i.test(response.headers()["content-type"] ?? "")) return undefined;
  if (Number(response.headers()["content-length"] ?? 0) > mostJsonBytes) return undefined;
  try {
    const body = await response.buffer();
    return body.length > mostJsonBytes ? undefined : JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
};

import type { CDPSession, HTTPRequest, Page } from "puppeteer";
import { Fault } from "#model/fault.ts";
import { recordSockets } from "#render/page/socket-talk.ts";

/** A request that may have brought data to the page. */
export interface RecordedRequest {
  /** `asked`: by the page's own code; `loaded`: a script, a frame or a picture, which may hold data just as well. */
  readonly as: "asked" | "loaded";
  readonly method: string;
  readonly url: string;
  /** At most 64 kB of it; `null`: it had none. */
  readonly postBody: string | null;
  /** 0: no answer. One whose answer has begun and doesn't end has a status, since a page can draw what has come so far. */
  readonly status: number;
  /** The JSON answer, parsed; `undefined`: it was none, too large, or gone before it could be read. */
  readonly json: unknown;
  /** The answer has more than 16 MB, so nobody looked at it. */
  readonly isTooLarge: boolean;
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
  /**
   * The data requests so far, in the order in which they were made, once the bodies on their way are read. Fault `render.too-large` for
   * more of them than are kept: what wasn't looked at can't be proven.
   */
  readonly requests: () => Promise<readonly RecordedRequest[]>;
  /** Requests without an answer, the oldest first. Sockets, event streams and pings never count: they stay open for ever. */
  readonly open: () => readonly OpenRequest[];
  /** Milliseconds since the last request began or ended; 0 while one is open whose address holds none of `ignored`. */
  readonly quietMs: (ignored?: readonly string[]) => number;
  /** Origins that the page has talked to. */
  readonly origins: () => ReadonlySet<string>;
}

const mostPostBytes = 65_536;
/** A server that ignores a filter answers with everybody's rows, so large answers are the ones to look at. */
const mostJsonBytes = 16_777_216;
const mostRequests = 2_000;
const neverDone: ReadonlySet<string> = new Set(["eventsource", "websocket", "ping", "cspviolationreport"]);
const askedTypes: ReadonlySet<string> = new Set(["xhr", "fetch", "eventsource"]);
/** Scripts can bring rows (JSONP, JSON modules), frames and pictures can be tiles, and a preloaded answer (`other`) is handed to a later fetch. */
const loadedTypes: ReadonlySet<string> = new Set(["script", "document", "image", "other"]);

interface Entry {
  readonly request: HTTPRequest;
  readonly as: RecordedRequest["as"];
  readonly postBody: string | null;
  status: number;
  json: unknown;
  isTooLarge: boolean;
}

interface State {
  open: Map<HTTPRequest, number>;
  entries: Entry[];
  reading: Set<Promise<void>>;
  origins: Set<string>;
  changed: number;
  unkept: number;
}

/** Starts to record a page. */
export const recordPage = (page: Page, cdp: CDPSession): Recorder => {
  const state = emptyState();
  const sockets = recordSockets(cdp);
  page.on("request", (request) => begun(state, request));
  page.on("response", (response) => answered(state, response.request(), response.status()));
  page.on("requestfinished", (request) => ended(state, request));
  page.on("requestfailed", (request) => ended(state, request));
  return {
    reset: () => {
      Object.assign(state, emptyState());
      sockets.reset();
    },
    requests: async () => {
      await Promise.all(state.reading);
      if (state.unkept > 0) throw tooMany(state.unkept);
      return [...state.entries.map(recorded), ...sockets.talk()];
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
  unkept: 0,
});

const recorded = ({ request, ...entry }: Entry): RecordedRequest => ({
  ...entry,
  method: request.method(),
  url: request.url(),
});

const tooMany = (unkept: number): Fault =>
  new Fault("render.too-large", `The page made ${mostRequests + unkept} requests; ${mostRequests} are looked at.`, {
    hint: "Split the view, or find out why it asks so often.",
  });

const openOf = (state: State): readonly OpenRequest[] =>
  [...state.open].map(([request, since]) => ({
    method: request.method(),
    url: request.url(),
    forMs: Math.round(performance.now() - since),
  }));

const begun = (state: State, request: HTTPRequest): void => {
  const url = request.url();
  if (!/^https?:/.test(url)) return;
  const type = request.resourceType();
  if (!neverDone.has(type)) {
    state.changed = performance.now();
    state.open.set(request, state.changed);
    state.origins.add(new URL(url).origin);
  }
  const as = kindOf(request);
  if (as === null) return;
  if (state.entries.length >= mostRequests) state.unkept += 1;
  else
    state.entries.push({
      request,
      as,
      postBody: cut(request.postData()),
      status: 0,
      json: undefined,
      isTooLarge: false,
    });
};

/** The page itself is what is proven, and its frames are requests like others. */
const kindOf = (request: HTTPRequest): RecordedRequest["as"] | null => {
  if (request.method() === "OPTIONS") return null;
  const type = request.resourceType();
  if (askedTypes.has(type)) return "asked";
  const isPage = request.isNavigationRequest() && request.frame()?.parentFrame() === null;
  return loadedTypes.has(type) && !isPage ? "loaded" : null;
};

const answered = (state: State, request: HTTPRequest, status: number): void => {
  const entry = state.entries.find((one) => one.request === request);
  if (entry !== undefined) entry.status = status;
};

const cut = (body: string | undefined): string | null => (body === undefined ? null : body.slice(0, mostPostBytes));

const ended = (state: State, request: HTTPRequest): void => {
  if (!state.open.delete(request)) return;
  state.changed = performance.now();
  const entry = state.entries.find((one) => one.request === request);
  if (entry === undefined) return;
  entry.status = request.response()?.status() ?? entry.status;
  const reading = readAnswer(request).then((answer) => {
    Object.assign(entry, answer);
    state.reading.delete(reading);
  });
  state.reading.add(reading);
};

type Answer = Pick<RecordedRequest, "json" | "isTooLarge">;
const unread: Answer = { json: undefined, isTooLarge: false };
const tooLarge: Answer = { json: undefined, isTooLarge: true };

/** Not every server calls its JSON so; pages, styles, programs and pictures are none. */
const mayBeJson = (mediaType: string): boolean => !/html|css|javascript|image|font|audio|video/i.test(mediaType);

const readAnswer = async (request: HTTPRequest): Promise<Answer> => {
  const response = request.response();
  if (response === null || !mayBeJson(response.headers()["content-type"] ?? "")) return unread;
  if (Number(response.headers()["content-length"] ?? 0) > mostJsonBytes) return tooLarge;
  try {
    const body = await response.buffer();
    if (body.length > mostJsonBytes) return tooLarge;
    return { json: JSON.parse(Buffer.from(body).toString("utf8")), isTooLarge: false };
  } catch {
    return unread;
  }
};

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json, write } from "./answer.ts";
import type { Misbehaviour } from "./misbehaviour.ts";
import { answerTo } from "./routes.ts";
import { type LoggedRequest, newState, note, type SampleState } from "./state.ts";
import { type ViewFilter, views } from "./views.ts";

export type { Misbehaviour, MisbehaviourKind } from "./misbehaviour.ts";
export type { LoggedRequest } from "./state.ts";

/** How a sample report server is started. */
export interface SampleServerOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** `YYYY-MM-DD`; the date in Berlin, moving on with it, if not given. The data ends on the day before. */
  readonly today?: string;
  readonly user?: string;
  readonly password?: string;
  /** How long a sign-in lives. */
  readonly sessionMs?: number;
}

/** A view as `/api/views` lists it. */
export interface SampleView {
  readonly path: string;
  readonly title: string;
  readonly filters: readonly ViewFilter[];
  readonly csv: boolean;
}

/** A running sample report server on this machine. */
export interface SampleServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly views: readonly SampleView[];
  /** What was asked so far, in order; it grows. */
  readonly requests: readonly LoggedRequest[];
  /** From now on does this wrong, too. */
  misbehave(misbehaviour: Misbehaviour): void;
  /** Does nothing wrong any more. */
  behave(): void;
  setToday(date: string): void;
  /** Ends every sign-in. */
  expireSessions(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

const eightHours = 8 * 3600 * 1000;

const decoded = (path: string): string | null => {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
};

const serve = async (state: SampleState, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = URL.parse(request.url ?? "/", "http://sample.invalid");
  const path = url === null ? null : decoded(url.pathname);
  if (url === null || path === null) return write(response, json({ error: "That is no address" }, 400));
  note(state, request.method ?? "GET", url);
  const answer = await answerTo({ state, request, url, path });
  if (answer !== null) write(response, answer);
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Starts a sample report server on 127.0.0.1; rejects when the port is taken or `today` is no date. */
export const startSampleServer = async (options: SampleServerOptions = {}): Promise<SampleServer> => {
  const { port = 0, today, user = "daybreak", password = "meridian", sessionMs = eightHours } = options;
  const state = newState({ today, user, password, sessionMs });
  const server = createServer((request, response) => {
    serve(state, request, response).catch((error: unknown) => {
      write(response, json({ error: error instanceof Error ? error.message : String(error) }, 500));
    });
  });
  const taken = await listen(server, port);
  return {
    url: `http://127.0.0.1:${String(taken)}`,
    user,
    password,
    views: views.map(({ path, title, filters }) => ({ path, title, filters, csv: true })),
    requests: state.requests,
    misbehave: state.mischief.add,
    behave: state.mischief.clear,
    setToday: state.setToday,
    expireSessions: state.sessions.endAll,
    [Symbol.asyncDispose]: () => close(server),
  };
};

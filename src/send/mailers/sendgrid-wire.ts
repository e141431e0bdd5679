import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TLSSocket } from "node:tls";

/** One request; `body: null` asks without one. */
export interface Ask {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly signal: AbortSignal;
}

type Phase = "connect" | "data" | "ended";

/** What came back, or how far it came: `connect` (no connection stood), `data` (the end of the request was never reached) or `ended` (it may have been taken). */
export type Reply =
  | { readonly status: number; readonly header: (name: string) => string | null; readonly text: string }
  | { readonly error: unknown; readonly phase: Phase };

/** Connections to a web service that are kept open between requests. */
export interface Wire {
  ask(ask: Ask): Promise<Reply>;
  close(): void;
}

/** Shorter than any service keeps an unused connection: one that it just ended would leave an email uncertain. */
const idleMs = 2_000;

const longestReply = 65_536;
const chunkBytes = 65_536;

/**
 * Opens the way to a web service. The package's own client isn't used for it: it doesn't tell whether the end of a request had been
 * reached, on which it depends whether an email may exist twice, and its errors carry the API key.
 */
export const openWire = (connections: number): Wire => {
  const options = { keepAlive: true, maxSockets: connections, timeout: idleMs, scheduling: "lifo" } as const;
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options), ready: new WeakSet<Socket>() };
  return {
    ask: (ask) => asked(ask, agents),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
};

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Connections over which something may be sent. */
  readonly ready: WeakSet<Socket>;
}

const asked = async (ask: Ask, agents: Agents): Promise<Reply> => {
  const { url, headers, body, signal } = ask;
  const state: { phase: Phase } = { phase: "connect" };
  if (signal.aborted) return { error: new Error("it was ended before it began"), phase: "connect" };
  const length = body === null ? {} : { "content-length": String(body.byteLength) };
  const options = { method: body === null ? "GET" : "POST", headers: { ...headers, ...length }, signal };
  const request =
    url.protocol === "https:"
      ? httpsRequest(url, { ...options, agent: agents.https })
      : httpRequest(url, { ...options, agent: agents.http });
  try {
    const [answer] = await Promise.all([answerOf(request), handOver(request, body, { state, ready: agents.ready })]);
    if (body !== null && state.phase !== "ended") request.destroy();
    return answer;
  } catch (error) {
    request.destroy();
    return { error, phase: state.phase };
  }
};

/**
 * A refusal may come before all was read: its answer counts, and what is left of the request is of no use. Nothing is handed over
 * before the connection stands: it would wait in our own buffer and look as if it might have been taken.
 */
const handOver = async (
  request: ClientRequest,
  body: Buffer | null,
  { state, ready }: { readonly state: { phase: Phase }; readonly ready: WeakSet<Socket> },
): Promise<void> => {
  if (body === null) return void request.end();
  const { promise: answered, resolve, reject } = Promise.withResolvers<void>();
  request.once("response", () => resolve());
  request.once("error", reject);
  request.flushHeaders();
  await Promise.race([connected(request, ready), answered]);
  state.phase = "data";
  await Promise.race([pipeline(chunksOf(body, state), request), answered]);
};

const connected = async (request: ClientRequest, ready: WeakSet<Socket>): Promise<void> => {
  const { promise: assigned, resolve: assign } = Promise.withResolvers<Socket>();
  request.once("socket", assign);
  const socket = request.socket ?? (await assigned);
  if (ready.has(socket)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", () => resolve());
  await promise;
  ready.add(socket);
};

const chunksOf = (body: Buffer, state: { phase: Phase }): Readable => {
  let at = 0;
  return new Readable({
    read() {
      const next = body.subarray(at, at + chunkBytes);
      at += chunkBytes;
      // From the last piece on nobody can call it back.
      if (at >= body.byteLength) state.phase = "ended";
      this.push(next);
      if (at >= body.byteLength) this.push(null);
    },
  });
};

const answerOf = async (request: ClientRequest): Promise<Extract<Reply, { status: number }>> => {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once("response", resolve);
  request.on("error", reject);
  request.once("close", () => reject(new Error("the connection was closed without an answer")));
  const response = await promise;
  const text = await textOf(response);
  const header = (name: string): string | null => {
    const value = response.headers[name.toLowerCase()];
    return value === undefined ? null : String(value);
  };
  return { status: response.statusCode ?? 0, header, text };
};

/** The status has come, so an answer that breaks off is still an answer. */
const textOf = async (response: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of response) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).length;
      if (bytes > longestReply) break;
    }
  } catch {
    // What came of it is enough for words.
  }
  return Buffer.concat(pieces).toString("utf8").slice(0, longestReply);
};

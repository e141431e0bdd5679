/** Stands between a client and an S3 server and does what networks and servers do; it also is a witness of what was really sent. */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";

/** What goes wrong with one request. Bytes count from the beginning of its body, or of the answer's. */
export type Mishap =
  /** Answered here, with an error of S3; the server never hears of it. */
  | { readonly kind: "refuse"; readonly status: number; readonly code: string }
  /** The connection is cut while the body is on its way to the server. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** The connection is cut while the answer is on its way back. */
  | { readonly kind: "reset-answer"; readonly afterBytes: number }
  /** One bit of the body arrives as its opposite. */
  | { readonly kind: "flip"; readonly byte: number }
  | { readonly kind: "flip-answer"; readonly byte: number }
  /** The server does it; its answer never arrives. */
  | { readonly kind: "lose-answer" }
  /** Taken, and never answered. */
  | { readonly kind: "stall" }
  | { readonly kind: "slow"; readonly bytesPerSecond: number };

/** A request as it came by. */
export interface SeenRequest {
  /** As S3 calls it: `UploadPart`, `CompleteMultipartUpload`, `GetObject` … */
  readonly operation: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly part: number | null;
  /** How often this operation was seen for this key and part so far, this one included. */
  readonly times: number;
  readonly headers: IncomingMessage["headers"];
}

/** The same, with what became of it. */
export interface PassedRequest extends SeenRequest {
  /** Of the body, as they came from the client. */
  readonly bytes: number;
  /** As the server answered it; `null`: it never did, or wasn't asked. */
  readonly status: number | null;
  readonly mishap: Mishap["kind"] | null;
}

/** A proxy that runs. */
export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Every request that has ended, in the order of their ends. */
  readonly passed: readonly PassedRequest[];
  /** Says from now on what goes wrong with which request; `null`: nothing. */
  decide(next: (request: SeenRequest) => Mishap | null): void;
}

/** The answer of a server that has too much to do. */
export const slowDown: Mishap = { kind: "refuse", status: 503, code: "SlowDown" };

/** Starts a proxy on 127.0.0.1 in front of a server; at first nothing goes wrong. */
export const startProxy = async (target: string): Promise<FaultProxy> => {
  const passed: PassedRequest[] = [];
  const times = new Map<string, number>();
  let decide: (request: SeenRequest) => Mishap | null = () => null;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const seen = readRequest(incoming, times);
    const mishap = decide(seen);
    const exchange: Exchange = { incoming, outgoing, target, agent, mishap, tally: { bytes: 0, status: null } };
    const end = () => passed.push({ ...seen, ...exchange.tally, mishap: mishap?.kind ?? null });
    pass(exchange).then(end, () => {
      outgoing.destroy();
      end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    passed,
    decide: (next) => {
      decide = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      agent.destroy();
    },
  };
};

const readRequest = (incoming: IncomingMessage, times: Map<string, number>): SeenRequest => {
  const { method = "", url = "/", headers } = incoming;
  const { pathname, searchParams } = new URL(url, "http://any");
  const [, bucket = "", ...rest] = pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  const part = searchParams.get("partNumber");
  const operation = operationOf(method, key, searchParams);
  const name = JSON.stringify([operation, key, part]);
  times.set(name, (times.get(name) ?? 0) + 1);
  const found = { operation, method, bucket, key, times: times.get(name) ?? 1, headers };
  return { ...found, part: part === null ? null : Number(part) };
};

const operationOf = (method: string, key: string, search: URLSearchParams): string => {
  const inUpload = {
    PUT: "UploadPart",
    POST: "CompleteMultipartUpload",
    DELETE: "AbortMultipartUpload",
    GET: "ListParts",
  };
  if (search.has("uploadId")) return inUpload[method as keyof typeof inUpload] ?? method;
  if (search.has("uploads")) return method === "POST" ? "CreateMultipartUpload" : "ListMultipartUploads";
  if (search.has("delete")) return "DeleteObjects";
  const plain = { PUT: "Put", GET: "Get", HEAD: "Head", DELETE: "Delete" }[method] ?? method;
  if (key !== "") return `${plain}Object`;
  return search.has("list-type") ? "ListObjectsV2" : `${plain}Bucket`;
};

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: string;
  readonly agent: Agent;
  readonly mishap: Mishap | null;
  readonly tally: { bytes: number; status: number | null };
}

const pass = async (exchange: Exchange): Promise<void> => {
  const { incoming, outgoing, mishap, tally } = exchange;
  if (mishap?.kind === "refuse") return await refuse(exchange, mishap);
  if (mishap?.kind === "stall") return await stall(exchange);
  const answer = await forward(exchange);
  tally.status = answer.statusCode ?? null;
  if (mishap?.kind === "lose-answer") {
    for await (const _ of answer);
    incoming.socket.destroy();
    return;
  }
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  await pipeline(answer, mishapsOf(mishap, "answer"), outgoing);
};

const refuse = async (
  { incoming, outgoing, tally }: Exchange,
  { status, code }: Extract<Mishap, { kind: "refuse" }>,
): Promise<void> => {
  for await (const piece of incoming) tally.bytes += (piece as Buffer).byteLength;
  const text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} by the proxy</Message></Error>`;
  outgoing.writeHead(status, { "content-type": "application/xml", "content-length": Buffer.byteLength(text) });
  outgoing.end(incoming.method === "HEAD" ? "" : text);
};

/** Reads nothing more, so that a large body stands still in the middle, and never answers. */
const stall = async ({ incoming }: Exchange): Promise<void> => {
  incoming.pause();
  await once(incoming.socket, "close");
};

const forward = async ({ incoming, target, agent, mishap, tally }: Exchange): Promise<IncomingMessage> => {
  const headers = incoming.rawHeaders.filter((_, at, all) => all[at - (at % 2)]?.toLowerCase() !== "expect");
  const { hostname, port } = new URL(target);
  const onward = request({
    hostname,
    port,
    agent,
    method: incoming.method,
    path: incoming.url,
    headers,
    setHost: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    onward.once("response", resolve).once("error", reject);
  });
  answered.catch(() => {});
  const count = new Transform({
    transform: (piece: Buffer, _, done: TransformCallback) => {
      tally.bytes += piece.byteLength;
      done(null, piece);
    },
  });
  // A server that refuses a body may answer before it has read all of it.
  const sent = pipeline(incoming, count, mishapsOf(mishap, "body"), onward);
  await Promise.race([sent, answered]);
  sent.catch(() => {});
  return await answered;
};

/** A stream that does to what goes through it what was decided; nothing, when that is meant for the other direction. */
const mishapsOf = (mishap: Mishap | null, way: "body" | "answer"): Transform => {
  const kind = mishap?.kind ?? "";
  const suffix = way === "answer" ? "-answer" : "";
  let from = 0;
  const transform = async (piece: Buffer): Promise<Buffer> => {
    const begin = from;
    from += piece.byteLength;
    if (mishap?.kind === "slow") await pause((piece.byteLength / mishap.bytesPerSecond) * 1_000);
    if (mishap !== null && "afterBytes" in mishap && kind === `reset${suffix}` && from > mishap.afterBytes)
      throw new Error("the connection is cut");
    if (mishap !== null && "byte" in mishap && kind === `flip${suffix}`) return flipped(piece, mishap.byte - begin);
    return piece;
  };
  return new Transform({
    transform: (piece: Buffer, _, done: TransformCallback) => {
      transform(piece).then((out) => done(null, out), done);
    },
  });
};

const flipped = (piece: Buffer, at: number): Buffer => {
  if (at < 0 || at >= piece.byteLength) return piece;
  const copy = Buffer.from(piece);
  copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
  return copy;
};

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as the receiver got it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** An HTTP server for tests of what is told to somebody by POST. It is the witness: what it didn't get was not told. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly got: readonly Received[];
  /** What it answers from now on: a status, or nothing at all. */
  answer(status: number | "never"): void;
  /** Waits for the first request that is meant. */
  next(isMeant: (one: Received) => boolean, withinMs?: number): Promise<Received>;
}

/** Starts a receiver on 127.0.0.1 at a free port. */
export const startReceiver = async (): Promise<Receiver> => {
  const got: Received[] = [];
  let status: number | "never" = 200;
  const server = createServer(async (request, response) => {
    const { url: path = "", headers } = request;
    const body = await text(request);
    got.push({ path, headers, body, at: Date.now() });
    if (status === "never") return;
    response
      .writeHead(status, { location: "http://127.0.0.1:1/elsewhere" })
      .end(status >= 300 ? "no, thank you" : "ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    got,
    answer: (wanted) => {
      status = wanted;
    },
    next: async (isMeant, withinMs = 60_000) => {
      const end = performance.now() + withinMs;
      for (;;) {
        const found = got.find(isMeant);
        if (found !== undefined) return found;
        if (performance.now() > end) throw new Error(`it never came; there were ${JSON.stringify(got)}`);
        await new Promise((done) => setTimeout(done, 25));
      }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

/**
 * The thread that answers over HTTP. It shares nothing with the thread that works but what that one tells it, so that it answers while a
 * render or a large table keeps the other one busy. Only what it can't answer itself goes there.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { type Heard, judgeHealth, type LoopBeat } from "#runtime/health-plan.ts";

/** What the thread is started with. */
export interface HealthStart {
  readonly port: number;
  readonly host: string;
  /** Socket of the thread that works, for everything else; `null`: there is nothing else. */
  readonly inner: string | null;
}

const { port, host, inner } = workerData as HealthStart;
let loops: readonly LoopBeat[] = [];
let heardAt = performance.now();

parentPort?.on("message", (beats: readonly LoopBeat[]) => {
  loops = beats;
  heardAt = performance.now();
});

const heard = (): Heard => ({ loops, agoMs: performance.now() - heardAt });

const tell = (response: ServerResponse, isWell: boolean, troubles: readonly string[]): void => {
  const fields = { "content-type": "application/json", "cache-control": "no-store" };
  response.writeHead(isWell ? 200 : 503, fields).end(`${JSON.stringify({ ok: isWell, troubles })}\n`);
};

const pass = (asked: IncomingMessage, response: ServerResponse, socketPath: string): void => {
  const options = { socketPath, path: asked.url, method: asked.method, headers: asked.headers };
  const passed = request(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.on("error", () => {
    if (response.headersSent) response.destroy();
    else tell(response, false, ["the process doesn't answer"]);
  });
  response.on("close", () => passed.destroy());
  asked.pipe(passed);
};

const server = createServer((asked, response) => {
  const path = asked.url?.split("?")[0];
  const health = judgeHealth(heard());
  if (path === "/readyz") tell(response, health.isReady, health.troubles);
  else if (path === "/livez") tell(response, health.isAlive, health.isAlive ? [] : health.troubles);
  else if (inner !== null) pass(asked, response, inner);
  else response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
});

server.on("error", (error) => parentPort?.postMessage({ fault: error.message }));
server.listen(port, host, () => {
  const address = server.address();
  parentPort?.postMessage({ port: typeof address === "object" && address !== null ? address.port : port });
});

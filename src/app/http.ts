import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { webhookParts } from "#app/news.ts";
import { programVersion } from "#app/version.ts";
import type { App } from "#app.ts";
import type { Config } from "#config/config.ts";
import { type HealthThread, startHealth } from "#runtime/health.ts";
import type { Loop } from "#runtime/loop.ts";
import { count } from "#store/gauges.ts";
import { type MetricsParts, metricsRoute, openMetrics, type ProcessMetrics } from "#web/metrics.ts";
import { webApp } from "#web/server.ts";

/** What is answered over HTTP. */
export interface Answers {
  /** The loops that are at work now; a new configuration brings new ones. */
  readonly loops: () => readonly Loop[];
  /** Everything but `/livez` and `/readyz`, in this thread: the web's routes. `null`: nothing else. */
  readonly fetch: ((request: Request) => Response | Promise<Response>) | null;
}

/** What this process tells of itself; opened once, since configurations come and go. */
export const openOwnMetrics = (): ProcessMetrics => openMetrics({ version: programVersion() });

/** How a process is watched. */
export interface Watched {
  readonly metrics: ProcessMetrics;
  readonly loops: () => readonly Loop[];
}

/** The web's routes over an app. */
export const webOf = (app: App, watched: Watched): NonNullable<Answers["fetch"]> =>
  webApp({ webhook: webhookParts(app), metrics: metricsRoute(watched.metrics, metricsParts(app, watched)) }).fetch;

const metricsParts = ({ config, pool, clock, log }: App, { loops }: Watched): MetricsParts => ({
  count: (what, now) => count(pool, what, now),
  backups: config.backups.map(({ name }) => name),
  ...{ loops, clock, log },
});

/** Answers over HTTP at the configured address until it is disposed of. */
export const openHttp = async (
  { port, host }: NonNullable<Config["http"]>,
  { loops, fetch }: Answers,
): Promise<HealthThread> => {
  await using stack = new AsyncDisposableStack();
  const inner = fetch === null ? null : await listenInside(fetch, stack);
  const thread = stack.use(await startHealth({ port, host, inner }, loops));
  const owned = stack.move();
  return { port: thread.port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

/** The way from the answering thread to this one: a socket in a folder that nobody else may enter. */
const listenInside = async (fetch: NonNullable<Answers["fetch"]>, stack: AsyncDisposableStack): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "daybreak-web-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "web");
  const server = createAdaptorServer({ fetch });
  server.listen(path);
  await once(server, "listening");
  stack.defer(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return path;
};

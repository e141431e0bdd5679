import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { Fault } from "#model/fault.ts";
import type { LoopBeat } from "#runtime/health-plan.ts";
import type { HealthStart } from "#runtime/health-thread.ts";
import type { Loop } from "#runtime/loop.ts";

/** The answering thread. */
export interface HealthThread extends AsyncDisposable {
  readonly port: number;
}

/** How often the thread hears of the loops. */
const tellEveryMs = 500;

/** Starts the thread that answers `/livez` and `/readyz` by the progress of these loops. Fault `web.listen` when the port can't be had. */
export const startHealth = async (start: HealthStart, loops: () => readonly Loop[]): Promise<HealthThread> => {
  // The emitted program has the same files under another extension.
  const worker = new Worker(new URL(`./health-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: start,
  });
  worker.unref();
  const port = await listening(worker, start).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  const tell = (): void => worker.postMessage(loops().map(beatOf));
  tell();
  const timer = setInterval(tell, tellEveryMs);
  timer.unref();
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await worker.terminate();
    },
  };
};

const listening = (worker: Worker, { host, port }: HealthStart): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const refuse = (words: string): void => {
    const hint = "choose another `http.port`, or end what listens there";
    reject(new Fault("web.listen", `Nobody can be answered at ${host}:${port}: ${words}`, { hint }));
  };
  worker.once("message", (told: { readonly port?: number; readonly fault?: string }) => {
    if (told.port === undefined) refuse(told.fault ?? "no answer");
    else resolve(told.port);
  });
  worker.on("error", (error: unknown) => refuse(error instanceof Error ? error.message : String(error)));
  return promise;
};

const beatOf = ({ name, stallMs, progress }: Loop): LoopBeat => {
  const { silentMs, faultsInARow } = progress();
  return { name, silentMs, stallMs, faultsInARow };
};

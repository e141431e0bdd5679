import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "#store/embedded/cluster.ts";

/** The port of the last start, so that the address stays the same; a free one when there was none or it is taken for good. */
export const choosePort = async ({ dir }: Cluster): Promise<number> => {
  const kept = Number(await readFile(join(dir, "port"), "utf8").catch(() => "0"));
  return kept > 0 && (await becomesFree(kept)) ? kept : freePort();
};

/** Keeps the port that a start succeeded with. */
export const keepPort = ({ dir }: Cluster, port: number): Promise<void> =>
  writeFile(join(dir, "port"), String(port), { mode: 0o600 });

const patienceMs = 2_000;

/** A server that was just killed may hold its port for a moment longer. */
const becomesFree = async (port: number): Promise<boolean> => {
  for (let waited = 0; waited <= patienceMs; waited += 50) {
    if ((await listenOnce(port)) !== null) return true;
    await pause(50);
  }
  return false;
};

const freePort = async (): Promise<number> => (await listenOnce(0)) ?? 0;

const listenOnce = (port: number): Promise<number | null> =>
  new Promise((done) => {
    const server = createServer().on("error", () => done(null));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : null));
    });
  });

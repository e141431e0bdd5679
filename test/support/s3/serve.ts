/**
 * A process of its own that keeps an S3 server: node test/support/s3/serve.ts [FILE OWNER]
 * It writes what became of it to FILE as JSON, and ends with the process OWNER. Without words it says how to reach the server and stays
 * until Ctrl-C: for looking at it, or for pointing another suite at it.
 */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FoundServer } from "../s3.ts";
import { account, type Ceph, cephPackages, startCeph } from "./ceph.ts";
import { endDaemon, isAlive, pidsFile, removeLeftOver } from "./leftover.ts";

const runs = fileURLToPath(new URL("../../../.daybreak/cache/ceph/runs", import.meta.url));
const [file, owner] = process.argv.slice(2);

mkdirSync(runs, { recursive: true });
removeLeftOver(runs);
const dir = mkdtempSync(join(runs, "s3-"));
const note = (pid: number) => appendFileSync(join(dir, pidsFile), `${pid}\n`);
note(process.pid);

/** What runs by now, also in the middle of the start. */
const children: number[] = [];
const onStart = (pid: number): void => {
  children.push(pid);
  note(pid);
};

let ceph: Ceph | null = null;

const end = async (code: number): Promise<never> => {
  await ceph?.stop();
  for (const pid of children) endDaemon(pid, dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.exit(code);
};

process.on("unhandledRejection", () => void end(1));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void end(0));
if (owner !== undefined) setInterval(() => isAlive(Number(owner)) || void end(0), 500);

/** Whole or not at all: somebody is waiting for this file. */
const tell = (found: FoundServer): void => {
  if (file === undefined) say(found);
  else {
    writeFileSync(`${file}.draft`, JSON.stringify(found));
    renameSync(`${file}.draft`, file);
  }
};

const say = (found: FoundServer): void => {
  const words =
    "reason" in found
      ? found.reason
      : `S3_ENDPOINT=${found.endpoint} S3_ACCESS_KEY_ID=${account.accessKeyId} S3_SECRET_ACCESS_KEY=${account.secretAccessKey}`;
  process.stdout.write(`${words}\n`);
};

const serve = async (): Promise<void> => {
  const found = await cephPackages();
  if ("reason" in found) {
    tell(found);
    return end(1);
  }
  try {
    const beganAt = performance.now();
    ceph = await startCeph({ root: found.root, dir, onStart });
    const startMs = Math.round(performance.now() - beganAt);
    tell({ endpoint: ceph.endpoint, region: "us-east-1", credentials: account, startMs, keeper: process.pid });
  } catch (error) {
    tell({ reason: `Ceph could not be started: ${error instanceof Error ? error.message : error}` });
    return end(1);
  }
};

await serve();

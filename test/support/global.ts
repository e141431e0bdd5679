import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { silentLog } from "#runtime/log.ts";
import { startEmbedded } from "#store/embedded.ts";
import { migrate } from "#store/migrate.ts";
import { openPool } from "#store/pool.ts";
import { testCacheDir } from "./browsers.ts";
import { stopSharedServer } from "./s3/leftover.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the Postgres that all tests of a run share, and the name of the migrated database that they clone. */
    readonly postgres: { readonly url: string; readonly template: string };
    /** Where those who need an S3 server find each other, and the process whose end is the server's. */
    readonly s3: { readonly dir: string; readonly owner: number };
  }
}

const template = "migrated";

/** Called once before the tests of the project `real`: starts their Postgres and migrates the database that each file clones. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  // Stories start the program hundreds of times, and reading its TypeScript takes longer than most of what they try.
  process.env["NODE_COMPILE_CACHE"] ??= join(testCacheDir, "programs");
  const home = await mkdtemp(join(tmpdir(), "daybreak-test-"));
  const embedded = await startEmbedded({ dir: join(home, "postgres"), log: silentLog, fast: true });
  await makeTemplate(embedded.url);
  project.provide("postgres", { url: embedded.url, template });
  project.provide("s3", { dir: home, owner: process.pid });
  return async () => {
    await stopSharedServer(home);
    await embedded[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  };
};

const makeTemplate = async (url: string): Promise<void> => {
  const settings = { max: 1, statementTimeoutMs: 60_000, applicationName: "test" };
  await using admin = openPool(url, settings);
  await admin.query(`create database ${template}`);
  await using pool = openPool(new URL(`/${template}`, url).href, settings);
  await migrate(pool);
};

/** A real S3 server for tests: one for a whole run, started when the first test file asks for it. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, inject, test } from "vitest";
import type { BackupPlace, S3Settings } from "#model/backup.ts";
import { answerFile } from "./s3/leftover.ts";

/** What the keeper of a server says of it. */
export type FoundServer =
  | { readonly reason: string }
  | {
      readonly endpoint: string;
      readonly region: string;
      readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
      readonly startMs: number;
      readonly keeper: number | null;
    };

type Server = Exclude<FoundServer, { readonly reason: string }>;

/** How a bucket of a test is to be. */
export interface BucketOptions {
  readonly versioned?: boolean;
  /** With Object Lock, which brings versions along. */
  readonly lock?: boolean;
}

/** A server that answers, and buckets on it. */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The vendor's own client: to look at a bucket past ours. */
  readonly client: S3Client;
  settings(overrides?: Partial<S3Settings>): S3Settings;
  /** Makes an empty bucket; its name. */
  freshBucket(options?: BucketOptions): Promise<string>;
  /** A place for archives in a bucket, as a configuration names it. */
  place(bucket: string, overrides?: Partial<S3Settings>): Extract<BackupPlace, { kind: "s3" }>;
}

/**
 * A `describe` that needs the server: `await describeS3("…", (s3) => { test(…) })` at the top of a file. Where no server can be had the
 * tests are skipped and the reason is said; in CI that is a failure.
 */
export const describeS3 = async (name: string, body: (s3: S3Server) => void): Promise<void> => {
  const found = await findServer();
  if (!("reason" in found)) {
    describe(name, () => body(serverOf(found)));
    return;
  }
  const words = `${name}: no S3 server: ${found.reason}`;
  if (process.env["CI"] === "true") throw new Error(words);
  console.warn(`SKIPPED ${words}`);
  test.skipIf(true)(words, () => {});
};

/** A server of somebody's own, or the run's. */
const findServer = async (): Promise<FoundServer> => ownServer() ?? (await sharedServer(inject("s3")));

const ownServer = (): Server | null => {
  const { S3_ENDPOINT, S3_ACCESS_KEY_ID = "", S3_SECRET_ACCESS_KEY = "", S3_REGION = "us-east-1" } = process.env;
  if (S3_ENDPOINT === undefined || S3_ENDPOINT === "") return null;
  const credentials = { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY };
  return { endpoint: S3_ENDPOINT, region: S3_REGION, credentials, startMs: 0, keeper: null };
};

/** Who comes first starts it, all wait for what its keeper writes. The first time, packages are fetched. */
export const sharedServer = async ({ dir, owner }: { readonly dir: string; readonly owner: number }) => {
  const answer = join(dir, answerFile);
  if (isFirst(join(dir, "s3.asked"))) startKeeper(dir, [answer, String(owner)]);
  for (const giveUpAt = Date.now() + 300_000; Date.now() < giveUpAt; await pause(100)) {
    if (existsSync(answer)) return JSON.parse(readFileSync(answer, "utf8")) as FoundServer;
  }
  return { reason: `its keeper said nothing for five minutes; see ${join(dir, "s3.out")}` };
};

const isFirst = (file: string): boolean => {
  try {
    closeSync(openSync(file, "wx"));
    return true;
  } catch {
    return false;
  }
};

const startKeeper = (dir: string, words: readonly string[]): void => {
  const out = openSync(join(dir, "s3.out"), "a");
  const program = fileURLToPath(new URL("s3/serve.ts", import.meta.url));
  spawn(process.execPath, [program, ...words], { detached: true, stdio: ["ignore", out, out] }).unref();
  closeSync(out);
};

const serverOf = ({ endpoint, region, credentials }: Server): S3Server => {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const settings: S3Server["settings"] = (overrides = {}) => ({
    endpoint,
    region,
    credentials: { ...credentials, sessionToken: null },
    forcePathStyle: true,
    checksums: "auto",
    storageClass: null,
    encryption: null,
    lock: null,
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 30_000,
    retryForMs: 20_000,
    ...overrides,
  });
  return {
    ...{ endpoint, region, credentials, client, settings },
    freshBucket: (options = {}) => makeBucket(client, options),
    place: (bucket, overrides) => ({ kind: "s3", bucket, prefix: "", settings: settings(overrides) }),
  };
};

const makeBucket = async (client: S3Client, { versioned = false, lock = false }: BucketOptions): Promise<string> => {
  const Bucket = `test-${randomBytes(6).toString("hex")}`;
  await client.send(new CreateBucketCommand({ Bucket, ...(lock && { ObjectLockEnabledForBucket: true }) }));
  if (versioned) {
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  return Bucket;
};

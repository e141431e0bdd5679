/** What the bench of backups needs around it: an S3 server, rclone from Debian's packages, a large file, and processes that upload and download. */
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { BackupPlace } from "#model/backup.ts";
import { unpackedDebian } from "../../test/support/debian.ts";

/** A server that answers. */
export interface BenchBuckets {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const serve = fileURLToPath(new URL("../../test/support/s3/serve.ts", import.meta.url));

/** Somebody's own (`S3_ENDPOINT`), or one that ends with this process. Throws the reason where none can be had. */
export const openBuckets = async (dir: string): Promise<BenchBuckets> => {
  const { S3_ENDPOINT, S3_REGION = "us-east-1", S3_ACCESS_KEY_ID = "", S3_SECRET_ACCESS_KEY = "" } = process.env;
  if (S3_ENDPOINT !== undefined) {
    return {
      endpoint: S3_ENDPOINT,
      region: S3_REGION,
      accessKeyId: S3_ACCESS_KEY_ID,
      secretAccessKey: S3_SECRET_ACCESS_KEY,
    };
  }
  const answer = join(dir, "server.json");
  spawn(process.execPath, [serve, answer, String(process.pid)], { detached: true, stdio: "ignore" }).unref();
  while (!existsSync(answer)) await pause(100);
  const found = JSON.parse(readFileSync(answer, "utf8")) as {
    readonly reason?: string;
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: Pick<BenchBuckets, "accessKeyId" | "secretAccessKey">;
  };
  if (found.reason !== undefined) throw new Error(`There is no S3 server: ${found.reason}`);
  return { endpoint: found.endpoint, region: found.region, ...found.credentials };
};

/** The place of archives in a bucket of the server. */
export const placeIn = (
  { endpoint, region, accessKeyId, secretAccessKey }: BenchBuckets,
  bucket: string,
): Extract<BackupPlace, { kind: "s3" }> => ({
  ...{ kind: "s3", bucket, prefix: "bi" },
  settings: {
    ...{ endpoint, region, forcePathStyle: true, checksums: "auto", storageClass: null, encryption: null, lock: null },
    credentials: { accessKeyId, secretAccessKey, sessionToken: null },
    ...{ connectionTimeoutMs: 10_000, requestTimeoutMs: 120_000, retryForMs: 60_000 },
  },
});

/** The program, unpacked into the cache. */
export const findRclone = async (): Promise<string> => {
  const proof = "usr/bin/rclone";
  const found = await unpackedDebian({
    name: "rclone",
    packages: ["rclone"],
    proof,
    isNeeded: (name) => name === "rclone",
  });
  if ("reason" in found) throw new Error(found.reason);
  return join(found.root, proof);
};

/** Writes a file of random bytes, which nothing on the way can compress. */
export const writeArchive = async (path: string, megabytes: number): Promise<void> => {
  const block = Buffer.alloc(1024 * 1024);
  const file = await open(path, "w");
  for (let n = 0; n < megabytes; n += 1) await file.write(randomFillSync(block));
  await file.sync();
  await file.close();
};

/** What a process of its own did. */
export interface Ran {
  readonly ms: number;
  /** Its own words, the last line of its standard output. */
  readonly said: string;
}

/** Without Amazon's variables, which would reach the machine's own account. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_")));

/** Runs a program to its end, and takes its time. Throws its last words when it fails. */
export const runProgram = async (
  words: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> => {
  const [program, ...rest] = words;
  const begun = performance.now();
  const child = spawn(program, rest, { env: { ...ownEnvironment(), ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => {
    out = (out + bytes.toString()).slice(-4_000);
  });
  child.stderr.on("data", (bytes: Buffer) => {
    err = (err + bytes.toString()).slice(-4_000);
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${err}`);
  return { ms: performance.now() - begun, said: out.trim().split("\n").at(-1) ?? "" };
};

/** rclone's own names for a server of this kind. */
export const rcloneEnv = ({ endpoint, region, accessKeyId, secretAccessKey }: BenchBuckets) => ({
  RCLONE_CONFIG: "/dev/null",
  RCLONE_CONFIG_S3_TYPE: "s3",
  RCLONE_CONFIG_S3_PROVIDER: "Ceph",
  RCLONE_CONFIG_S3_ENDPOINT: endpoint,
  RCLONE_CONFIG_S3_REGION: region,
  RCLONE_CONFIG_S3_ACCESS_KEY_ID: accessKeyId,
  RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: secretAccessKey,
});

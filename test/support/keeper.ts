import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import type { BackupRun } from "#model/backup-run.ts";
import { Temporal } from "#model/time.ts";
import { partsOf } from "#store/backup-parts.ts";
import { putRun, recentRuns } from "#store/backup-runs.ts";
import type { Pool } from "#store/pool.ts";
import type { ChildWords } from "./backup-child.ts";
import { freshDatabase } from "./database.ts";

/** A process that makes backups. */
export interface Keeping extends AsyncDisposable {
  readonly pid: number;
  /** What it has said so far. */
  readonly said: readonly { readonly event: string; readonly [field: string]: unknown }[];
  /** Ends when it has said so: `started`, after which further runs are its own, `halted` at its point. */
  has(event: "started" | "halted"): Promise<void>;
  /** SIGKILL: nothing is finished, nothing given back. */
  kill(): Promise<void>;
}

/** A place with one backup of a file, kept by processes of their own, and what must be in its bucket. */
export interface Keeper extends AsyncDisposable {
  readonly dir: string;
  readonly pool: Pool;
  /** Writes what the next archive will hold; its SHA-256. */
  writeSource(bytes: number): Promise<string>;
  /** Makes a run due for a date. */
  makeDue(date: string): Promise<void>;
  /** Ends when the run of a date is done or has failed. */
  ended(date: string): Promise<BackupRun>;
  /** Bytes of the parts of the run of a date that were recorded as sent. */
  recordedBytes(date: string): Promise<number>;
  /** Starts a process; it halts at the named point of the first run that comes due after its start. */
  start(haltAt?: string): Keeping;
}

const child = fileURLToPath(new URL("./backup-child.ts", import.meta.url));

/** Opens a keeper; without a place over a folder bucket. */
export const openKeeper = async (words: ChildWords): Promise<Keeper> => {
  await using stack = new AsyncDisposableStack();
  const { pool, url } = stack.use(await freshDatabase());
  const dir = await mkdtemp(join(tmpdir(), "daybreak-keeper-"));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const runOf = async (date: string): Promise<BackupRun | undefined> =>
    (await recentRuns(pool, "bi", 500)).find((run) => run.date === date);
  const owned = stack.move();
  return {
    ...{ dir, pool },
    writeSource: async (bytes) => {
      const source = randomBytes(bytes);
      await writeFile(join(dir, "source"), source);
      return sha256Of(source);
    },
    makeDue: async (date) => {
      const due = Temporal.Instant.from(`${date}T01:00:00Z`);
      const slot = { backup: "bi", nominal: due, due, date, zone: "Europe/Berlin" };
      await putRun(pool, { ...slot, askedBy: "test", skipped: null });
    },
    ended: (date) =>
      vi.waitFor(
        async () => {
          const run = await runOf(date);
          if (run?.state === "done" || run?.state === "failed") return run;
          throw new Error(`${date} is still ${run?.state}: ${run?.reason}`);
        },
        { timeout: 60_000, interval: 20 },
      ),
    recordedBytes: async (date) => {
      const run = await runOf(date);
      if (run === undefined || run.uploadId === null) return 0;
      const parts = await partsOf(pool, { runId: run.id, uploadId: run.uploadId });
      return parts.reduce((sum, { bytes }) => sum + bytes, 0);
    },
    start: (haltAt = "") =>
      keepingOf(
        spawn(process.execPath, [child, url, dir, haltAt, JSON.stringify(words)], {
          stdio: ["ignore", "pipe", "inherit"],
        }),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
};

const keepingOf = (process: ChildProcess & { readonly stdout: NodeJS.ReadableStream }): Keeping => {
  const said: { readonly event: string }[] = [];
  const events = { started: Promise.withResolvers<void>(), halted: Promise.withResolvers<void>() };
  createInterface({ input: process.stdout }).on("line", (line) => {
    const words = JSON.parse(line) as { readonly event: string };
    said.push(words);
    if (words.event === "started" || words.event === "halted") events[words.event].resolve();
  });
  const exited = once(process, "close");
  const kill = async (): Promise<void> => {
    process.kill("SIGKILL");
    await exited;
  };
  const ended = exited.then(() => {
    throw new Error(`The process has ended before it halted: ${JSON.stringify(said.slice(-5))}`);
  });
  ended.catch(() => undefined);
  return {
    pid: process.pid ?? -1,
    said,
    has: (event) => Promise.race([events[event].promise, ended]),
    kill,
    [Symbol.asyncDispose]: kill,
  };
};

/** Hex SHA-256. */
export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What an independent look into a bucket's folder finds: names, bytes and manifests, no rows. */
export interface Judged {
  /** Dates of which an archive is owed that is gone or has no manifest. */
  readonly lost: readonly string[];
  /** Keys that a manifest calls proven although their bytes are others. */
  readonly wrong: readonly string[];
  readonly openUploads: number;
}

interface Told {
  readonly key: string;
  readonly date: string;
  readonly sha256: string;
  readonly verify: unknown;
}

/** What really lies in a bucket, as somebody sees it who knows nothing of Daybreak. */
export interface Contents {
  readonly keys: readonly string[];
  /** `null` where there is nothing any more. */
  read(key: string): Promise<Uint8Array | null>;
  readonly openUploads: number;
}

/** Judges a bucket by what must be in it: SHA-256 by date. */
export const judge = async (
  { keys, read, openUploads }: Contents,
  owed: ReadonlyMap<string, string>,
): Promise<Judged> => {
  const found = new Map<string, string>();
  const wrong: string[] = [];
  for (const key of keys.filter((one) => one.endsWith(".manifest.json"))) {
    const manifest = JSON.parse(Buffer.from((await read(key)) ?? []).toString()) as Told;
    if (manifest.verify === null) continue;
    const bytes = await read(manifest.key);
    // A kill between the removal of an archive and that of its manifest leaves the manifest for the next rotation.
    if (bytes === null) continue;
    const sha256 = sha256Of(bytes);
    if (sha256 !== manifest.sha256) wrong.push(manifest.key);
    else found.set(manifest.date, sha256);
  }
  return {
    lost: [...owed].filter(([date, sha256]) => found.get(date) !== sha256).map(([date]) => date),
    wrong,
    openUploads,
  };
};

/** What lies in the folder bucket of a keeper. */
export const contentsOfFolder = async (dir: string): Promise<Contents> => {
  const root = join(dir, "bucket");
  const names = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const keys = names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return {
    keys: keys.filter((key) => !key.startsWith(".")),
    read: (key) => readFile(join(root, key)).catch(() => null),
    openUploads: new Set(keys.filter((key) => key.startsWith(".uploads/")).map((key) => key.split("/")[1])).size,
  };
};

/** Whole runs of a backup into S3 while the network and the server misbehave; judged by the bytes in the bucket, past all of our own code. */
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { takeAndFinish } from "#backup/loops.ts";
import { usualBounds } from "#backup/plan/parts.ts";
import { s3Archives } from "#bucket/s3.ts";
import { Temporal } from "#model/time.ts";
import { putRun } from "#store/backup-runs.ts";
import { type BackupWorld, openBackups } from "../support/backups.ts";
import { type Mishap, type SeenRequest, slowDown, startProxy } from "../support/proxy.ts";
import { describeS3 } from "../support/s3.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
vi.setConfig({ testTimeout: isLong ? 3_600_000 : 180_000 });
const MiB = 1024 * 1024;
const signal = new AbortController().signal;
const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

type Decide = (request: SeenRequest) => Mishap | null;

/** Chance that a test can't choose would be no chance, but it must be another at each run. */
const withChance = (p: number): boolean => randomBytes(4).readUInt32LE() / 2 ** 32 < p;

const at =
  (
    operation: string,
    mishap: Mishap,
    { part = null, upTo = 1 }: { part?: number | null; upTo?: number } = {},
  ): Decide =>
  (request) =>
    request.operation === operation && (part === null || request.part === part) && request.times <= upTo
      ? mishap
      : null;

const isBody = ({ operation }: SeenRequest): boolean => operation === "UploadPart" || operation === "PutObject";

/** What goes wrong, by name. The time for retries is 6 s here; a refused request costs less than half of one. */
const troubles: readonly (readonly [string, () => Decide])[] = [
  ["503 SlowDown for most of the retry budget", () => at("UploadPart", slowDown, { upTo: 6 })],
  [
    "a reset in the middle of every tenth body",
    () => (one) => (isBody(one) && withChance(0.1) ? { kind: "reset", afterBytes: 700_000 } : null),
  ],
  [
    "a flipped bit in the first body of each",
    () => (one) => (isBody(one) && one.times === 1 ? { kind: "flip", byte: 99 } : null),
  ],
  ["a flipped bit on the way back", () => at("GetObject", { kind: "flip-answer", byte: 4_321 }, { upTo: 99 })],
  [
    "a slow line",
    () => (one) => (isBody(one) || one.operation === "GetObject" ? { kind: "slow", bytesPerSecond: 15 * MiB } : null),
  ],
  ["a stall past the time-out", () => at("UploadPart", { kind: "stall" }, { part: 2 })],
  ["a lost answer to the completing", () => at("CompleteMultipartUpload", { kind: "lose-answer" }, { upTo: 99 })],
  [
    "403 in the middle",
    () => at("UploadPart", { kind: "refuse", status: 403, code: "AccessDenied" }, { part: 2, upTo: 99 }),
  ],
  [
    "ExpiredToken at part 3",
    () => at("UploadPart", { kind: "refuse", status: 400, code: "ExpiredToken" }, { part: 3 }),
  ],
  ["the bucket is gone", () => () => ({ kind: "refuse", status: 404, code: "NoSuchBucket" })],
];

interface Ended {
  readonly name: string;
  readonly state: string;
  readonly isTold: boolean;
  readonly sha256: string;
  readonly key: string | null;
}

await describeS3("backups into an S3 that misbehaves", (s3) => {
  const objectsIn = async (Bucket: string): Promise<ReadonlyMap<string, Buffer>> => {
    const objects = new Map<string, Buffer>();
    const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket }));
    for (const { Key = "" } of Contents) {
      const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
      objects.set(Key, Buffer.from((await Body?.transformToByteArray()) ?? []));
    }
    return objects;
  };

  const runOnce = async (
    world: BackupWorld,
    date: string,
  ): Promise<Pick<Ended, "state" | "sha256" | "key" | "isTold">> => {
    const bytes = randomBytes(2 * 5 * MiB + 100_000);
    await writeFile(join(world.dir, "source"), bytes);
    const due = world.clock.now();
    await putRun(world.pool, {
      ...{ backup: "bi", nominal: due, due, date, zone: "UTC", askedBy: "test", skipped: null },
    });
    const ask = { parts: world.parts, settings: { owner: "test", leaseMs: 20_000 }, signal };
    const run = await takeAndFinish(world.backup, ask);
    const isTold = world.alerts.open.size > 0;
    return { state: run?.state ?? "none", sha256: hashOf(bytes), key: run?.key ?? null, isTold };
  };

  test("each run ends with an archive that is right, or is told as failed; nothing wrong counts, nothing is left open", async () => {
    await using proxy = await startProxy(s3.endpoint);
    const name = await s3.freshBucket();
    const limits = { requestTimeoutMs: 2_500, connectionTimeoutMs: 2_500, retryForMs: 6_000 };
    const place = s3.place(name, { endpoint: proxy.endpoint, ...limits });
    const bucket = s3Archives(place);
    await using world = await openBackups({
      backup: { place, retention: { dailyDays: 1_000, weeklyDays: 0, weekday: null, monthlyDays: 0, monthDay: 1 } },
      parts: { bucketOf: () => bucket, partBounds: { ...usualBounds, smallestBytes: 5 * MiB } },
    });
    const rounds = isLong ? 100 : 10;
    const ended: Ended[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const [trouble = "", decide] = troubles[round % troubles.length] ?? [];
      proxy.decide(decide?.() ?? (() => null));
      const date = Temporal.PlainDate.from("2026-01-01").add({ days: round }).toString();
      ended.push({ name: trouble, ...(await runOnce(world, date)) });
      proxy.decide(() => null);
      // What may pass is tried again later: it must then go well, from where it stood.
      if (ended.at(-1)?.state === "due")
        ended[ended.length - 1] = { ...(ended.at(-1) as Ended), ...(await again(world)) };
      for (const key of world.alerts.open) await world.alerts.recover(key);
    }
    const objects = await objectsIn(name);
    const wrong = ended.filter(
      ({ state, key, sha256 }) => state === "done" && hashOf(objects.get(key ?? "") ?? Buffer.alloc(0)) !== sha256,
    );
    const silent = ended.filter(({ state, isTold }) => state !== "done" && !isTold);
    const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: name }));
    const verified = ended.filter(({ state }) => state === "done").length;
    const told = ended.length - verified - silent.length;
    console.log(
      `S3 misbehaves: verified or told / wrong / silent / left open / N: ${verified} + ${told} / ${wrong.length} / ${silent.length} / ${Uploads.length} / ${rounds}`,
    );
    for (const { name: which, state } of ended.slice(0, troubles.length)) console.log(`  ${which}: ${state}`);
    await bucket.close();
    expect({ wrong, silent, open: Uploads.length }).toEqual({ wrong: [], silent: [], open: 0 });
  });

  const again = async (world: BackupWorld): Promise<Pick<Ended, "state">> => {
    world.clock.move(3_600_000);
    const ask = { parts: world.parts, settings: { owner: "test", leaseMs: 20_000 }, signal };
    // The lock of the try before may still be on its way back.
    const take = async () => (await takeAndFinish(world.backup, ask)) ?? expect.fail("nobody could take it");
    return { state: (await vi.waitFor(take, { timeout: 30_000, interval: 100 })).state };
  };
});

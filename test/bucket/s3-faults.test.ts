import { createHash, randomBytes } from "node:crypto";
import { expect, onTestFinished, test, vi } from "vitest";
import { persist } from "#backup/persist.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { s3Archives } from "#bucket/s3.ts";
import type { S3Credentials } from "#bucket/s3-door.ts";
import type { S3Settings } from "#model/backup.ts";
import { systemClock } from "#runtime/clock.ts";
import { type FaultProxy, type Mishap, type SeenRequest, slowDown, startProxy } from "../support/proxy.ts";
import { describeS3 } from "../support/s3.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
vi.setConfig({ testTimeout: isLong ? 3_600_000 : 120_000 });
const partBytes = 5 * 1024 * 1024;
const archive = randomBytes(2 * partBytes + 54_321);
const partOf = (n: number): Uint8Array => archive.subarray((n - 1) * partBytes, n * partBytes);
const hashOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

const isPart =
  (n: number, upTo = 1) =>
  ({ operation, part, times }: SeenRequest): boolean =>
    operation === "UploadPart" && part === n && times <= upTo;

const patience = {
  clock: systemClock,
  retryForMs: 20_000,
  signal: new AbortController().signal,
  backoff: { baseMs: 20, maxMs: 200 },
};

/** Sends the archive as the upload does, each request tried again while that makes sense. */
const upload = async (bucket: ArchiveBucket): Promise<void> => {
  const begun = await persist(() => bucket.begin("a", { "run-id": "1" }), patience);
  const send = (n: number) => persist(() => bucket.putPart(begun, n, { bytes: partOf(n) }), patience);
  const parts = await Promise.all([1, 2, 3].map(send));
  await persist(() => bucket.complete(begun, parts), patience);
};

const storedHash = async (bucket: ArchiveBucket): Promise<string> =>
  hashOf((await bucket.get("a")) ?? new Uint8Array());

await describeS3("between us and S3", (s3) => {
  interface Way {
    readonly proxy: FaultProxy;
    readonly bucket: ArchiveBucket;
    readonly name: string;
  }

  interface WayOptions {
    readonly settings?: Partial<S3Settings>;
    readonly credentials?: () => Promise<S3Credentials>;
  }

  const open = async ({ settings = {}, credentials }: WayOptions = {}): Promise<Way> => {
    const proxy = await startProxy(s3.endpoint);
    const name = await s3.freshBucket();
    const all = s3.settings({ endpoint: proxy.endpoint, ...settings });
    const bucket = s3Archives({ bucket: name, settings: all, ...(credentials && { credentials }) });
    onTestFinished(async () => {
      await bucket.close();
      await proxy[Symbol.asyncDispose]();
    });
    return { proxy, bucket, name };
  };

  const mishaps: readonly (readonly [string, (request: SeenRequest) => Mishap | null])[] = [
    [
      "503 SlowDown three times for each part",
      ({ operation, times }) => (operation === "UploadPart" && times <= 3 ? slowDown : null),
    ],
    [
      "500 for every first request",
      ({ times }) => (times === 1 ? { kind: "refuse", status: 500, code: "InternalError" } : null),
    ],
    [
      "a reset in the middle of a part",
      (request) => (isPart(2)(request) ? { kind: "reset", afterBytes: 1_000_000 } : null),
    ],
    ["a bit that flips in a part", (request) => (isPart(2)(request) ? { kind: "flip", byte: 1_234_567 } : null)],
    ["a part's answer that is lost", (request) => (isPart(3)(request) ? { kind: "lose-answer" } : null)],
    [
      "the begin's answer that is lost",
      ({ operation, times }) => (operation === "CreateMultipartUpload" && times === 1 ? { kind: "lose-answer" } : null),
    ],
    [
      "the end's answer that is lost",
      ({ operation, times }) =>
        operation === "CompleteMultipartUpload" && times === 1 ? { kind: "lose-answer" } : null,
    ],
    [
      "the end's answer that is lost for good",
      ({ operation }) => (operation === "CompleteMultipartUpload" ? { kind: "lose-answer" } : null),
    ],
    [
      "a slow line",
      ({ operation }) => (operation === "UploadPart" ? { kind: "slow", bytesPerSecond: 8_000_000 } : null),
    ],
  ];

  test.each(mishaps)("an archive arrives in spite of %s", async (_, mishap) => {
    const { proxy, bucket, name } = await open();
    proxy.decide(mishap);
    await upload(bucket);
    proxy.decide(() => null);
    expect(await storedHash(bucket)).toBe(hashOf(archive));
    expect(proxy.passed.some((one) => one.mishap !== null)).toBe(true);
    expect((await s3Archives(s3.place(name)).head("a"))?.metadata).toEqual({ "run-id": "1" });
  });

  test("a part that stands still is given up after the time-out, and sent again", async () => {
    const { proxy, bucket } = await open({ settings: { requestTimeoutMs: 2_500 } });
    proxy.decide((request) => (isPart(1)(request) ? { kind: "stall" } : null));
    await upload(bucket);
    expect(await storedHash(bucket)).toBe(hashOf(archive));
  });

  test("a line that needs longer than the time-out for a part, but moves, is waited for", async () => {
    const { proxy, bucket } = await open({ settings: { requestTimeoutMs: 5_000 } });
    proxy.decide(({ operation }) => (operation === "UploadPart" ? { kind: "slow", bytesPerSecond: 4_500_000 } : null));
    const begun = await bucket.begin("a", {});
    const large = randomBytes(30_000_000);
    const beganAt = performance.now();
    await bucket.complete(begun, [await bucket.putPart(begun, 1, { bytes: large })]);
    expect(performance.now() - beganAt).toBeGreaterThan(5_000);
    expect(proxy.passed.filter(({ operation }) => operation === "UploadPart")).toHaveLength(1);
    expect(await storedHash(bucket)).toBe(hashOf(large));
  });

  test("credentials that expire in the middle are asked for anew, once, and the part is sent again", async () => {
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      return s3.credentials;
    };
    const { proxy, bucket } = await open({ credentials });
    proxy.decide((request) => (isPart(3)(request) ? { kind: "refuse", status: 400, code: "ExpiredToken" } : null));
    await upload(bucket);
    expect(asked).toBe(2);
    expect(await storedHash(bucket)).toBe(hashOf(archive));
  });

  test("credentials that stay expired are nothing to try again", async () => {
    const { proxy, bucket } = await open();
    proxy.decide((request) => (isPart(3, 99)(request) ? { kind: "refuse", status: 400, code: "ExpiredToken" } : null));
    await expect(upload(bucket)).rejects.toMatchObject({ code: "bucket.io", retry: "never", message: /have expired/ });
  });

  test("a right that is taken away in the middle is nothing to try again", async () => {
    const { proxy, bucket } = await open();
    proxy.decide((request) => (isPart(2, 99)(request) ? { kind: "refuse", status: 403, code: "AccessDenied" } : null));
    await expect(upload(bucket)).rejects.toMatchObject({
      code: "bucket.io",
      retry: "never",
      message: /refuses access/,
    });
  });

  test("a reading that breaks off says so, and may be tried again", async () => {
    const { proxy, bucket } = await open();
    await bucket.put("a", archive);
    proxy.decide(({ operation }) => (operation === "GetObject" ? { kind: "reset-answer", afterBytes: 500_000 } : null));
    const read = async () => {
      for await (const _ of bucket.read("a"));
    };
    await expect(read()).rejects.toMatchObject({ code: "bucket.io", retry: "later" });
  });

  test("of bits that flip on their way there not one is stored", async () => {
    const { proxy, bucket } = await open();
    const small = archive.subarray(0, 20_000);
    const count = isLong ? 1_000 : 25;
    let flips = 0;
    proxy.decide(({ operation, times }) => {
      if (operation !== "PutObject" || times % 2 === 0) return null;
      flips += 1;
      return { kind: "flip", byte: (flips * 487) % small.byteLength };
    });
    let wrong = 0;
    for (let n = 0; n < count; n += 1) {
      await persist(() => bucket.put("small", small), patience);
      if (hashOf((await bucket.get("small")) ?? new Uint8Array()) !== hashOf(small)) wrong += 1;
    }
    console.log(`Bits flipped on the way to S3: ${flips}, stored: ${wrong}`);
    expect({ flips, wrong }).toEqual({ flips: count, wrong: 0 });
  });
});

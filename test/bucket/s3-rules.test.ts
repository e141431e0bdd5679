/** Rules of Amazon, and habits of older servers, from documentation: over a double, since no server at hand enforces them. */
import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import type { ArchiveBucket } from "#bucket/port.ts";
import { s3Archives } from "#bucket/s3.ts";
import type { S3Settings } from "#model/backup.ts";
import { startProxy } from "../support/proxy.ts";
import { type DoubleMode, type S3Double, startS3Double } from "../support/s3-double.ts";

const content = randomBytes(10_000);

interface OpenOptions {
  readonly settings?: Partial<S3Settings>;
  readonly endpoint?: string;
}

const open = async (mode: DoubleMode, { settings = {} }: OpenOptions = {}) => {
  const double = await startS3Double(mode);
  const bucket = bucketAt(double.endpoint, settings);
  onTestFinished(async () => {
    await bucket.close();
    await double[Symbol.asyncDispose]();
  });
  return { double, bucket };
};

const bucketAt = (endpoint: string, settings: Partial<S3Settings> = {}): ArchiveBucket =>
  s3Archives({
    bucket: "archives",
    settings: {
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b", sessionToken: null },
      forcePathStyle: true,
      checksums: "auto",
      storageClass: null,
      encryption: null,
      lock: null,
      connectionTimeoutMs: 5_000,
      requestTimeoutMs: 5_000,
      retryForMs: 1_600,
      ...settings,
    },
  });

const upload = async (bucket: ArchiveBucket, key: string): Promise<void> => {
  const begun = await bucket.begin(key, {});
  const parts = [];
  for (const n of [1, 2])
    parts.push(await bucket.putPart(begun, n, { bytes: content.subarray((n - 1) * 5_000, n * 5_000) }));
  await bucket.complete(begun, parts);
};

const stored = ({ objects }: S3Double, key: string): boolean => content.equals(objects.get(key) ?? Buffer.alloc(0));

test.each(["auto", "required", "off"] as const)(
  "with checksums %s an archive fulfils Amazon's rules for them",
  async (checksums) => {
    const { double, bucket } = await open("amazon", { settings: { checksums } });
    await upload(bucket, "a");
    await bucket.put("b", content);
    expect([stored(double, "a"), stored(double, "b")]).toEqual([true, true]);
    expect(await bucket.removeMany(["a", "b"])).toMatchObject([{ outcome: "removed" }, { outcome: "removed" }]);
    expect(double.asked.filter((one) => / [45]\d\d$/.test(one))).toEqual(["HEAD a 404"]);
  },
);

test("of two who complete one key at the same time one is refused by Amazon's own condition", async () => {
  const { double, bucket } = await open("amazon");
  const both = await Promise.all(
    ["first", "second"].map(async (words) => {
      const begun = await bucket.begin("a", {});
      return { begun, part: await bucket.putPart(begun, 1, { bytes: Buffer.from(words) }) };
    }),
  );
  const outcomes = await Promise.allSettled(both.map(({ begun, part }) => bucket.complete(begun, [part])));
  const [refused] = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(refused).toMatchObject({ code: "bucket.exists", retry: "never" });
  expect(double.objects.size).toBe(1);
});

test("an answer of 200 with an error in it is no success; the next one is", async () => {
  const { double, bucket } = await open("error-in-200");
  await upload(bucket, "a");
  expect(stored(double, "a")).toBe(true);
  expect(double.asked.filter((one) => one === "POST a").length).toBeGreaterThan(2);
});

test("a server that knows no checksums gets none, after the first that it refused", async () => {
  const { double, bucket } = await open("old");
  await upload(bucket, "a");
  await bucket.put("b", content);
  expect([stored(double, "a"), stored(double, "b")]).toEqual([true, true]);
  const refused = double.asked.filter((one) => one.endsWith(" 501"));
  expect(refused.length).toBeLessThanOrEqual(4);
  expect(await bucket.removeMany(["a", "b"])).toMatchObject([{ outcome: "removed" }, { outcome: "removed" }]);
  expect(double.objects.size).toBe(0);
});

test("checksums that are required and refused are an error that names the setting", async () => {
  const { bucket } = await open("old", { settings: { checksums: "required" } });
  await expect(bucket.put("a", content)).rejects.toMatchObject({
    code: "bucket.io",
    retry: "never",
    hint: expect.stringContaining("checksums: off"),
  });
});

test.each([
  ["other-region", "is in another region: eu-central-1", "region: eu-central-1"],
  ["redirects", "is in another region: eu-west-3", "region: eu-west-3"],
  ["skewed", "clock", "NTP"],
] as const)("%s: said in plain words, with what to do", async (mode, what, hint) => {
  const { bucket } = await open(mode);
  await expect(bucket.put("a", content)).rejects.toMatchObject({
    code: "bucket.io",
    retry: "never",
    message: expect.stringContaining(what),
    hint: expect.stringContaining(hint),
  });
});

test("a bit that flips on its way is found by Amazon's checksum too, and sent again", async () => {
  const { double } = await open("amazon");
  await using proxy = await startProxy(double.endpoint);
  const bucket = bucketAt(proxy.endpoint);
  proxy.decide(({ operation, times }) =>
    operation === "PutObject" && times === 1 ? { kind: "flip", byte: 77 } : null,
  );
  await expect(bucket.put("a", content)).rejects.toMatchObject({ code: "bucket.io", retry: "later" });
  await bucket.put("a", content);
  expect(stored(double, "a")).toBe(true);
  await bucket.close();
});

import { randomBytes } from "node:crypto";
import {
  DeleteBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectLegalHoldCommand,
} from "@aws-sdk/client-s3";
import { expect, onTestFinished, test, vi } from "vitest";
import { openBucket } from "#app/buckets.ts";
import type { ArchiveBucket, Upload } from "#bucket/port.ts";
import { probePlace } from "#bucket/probe.ts";
import { s3Archives } from "#bucket/s3.ts";
import type { BackupPlace } from "#model/backup.ts";
import { systemClock } from "#runtime/clock.ts";
import { startProxy } from "../support/proxy.ts";
import { describeS3 } from "../support/s3.ts";

vi.setConfig({ testTimeout: 120_000 });

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const open = (place: BackupPlace): ArchiveBucket => {
  const bucket = openBucket(place);
  onTestFinished(() => bucket.close());
  return bucket;
};

const pagesOf = async (bucket: ArchiveBucket, prefix: string): Promise<readonly (readonly string[])[]> => {
  const pages: string[][] = [];
  for await (const page of bucket.pages(prefix)) pages.push(page.map(({ key }) => key));
  return pages;
};

await describeS3("what only S3 has", (s3) => {
  const allow = (Bucket: string, denied: readonly string[]) =>
    s3.client.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Deny", Principal: "*", Action: denied, Resource: `arn:aws:s3:::${Bucket}/*` }],
        }),
      }),
    );

  test("1,500 keys come in pages, each once, and go in two requests", async () => {
    await using proxy = await startProxy(s3.endpoint);
    const bucket = open(s3.place(await s3.freshBucket(), { endpoint: proxy.endpoint }));
    const keys = Array.from({ length: 1_500 }, (_, n) => `many/${String(n).padStart(4, "0")}`);
    const queue = [...keys];
    const work = async () => {
      for (let key = queue.shift(); key !== undefined; key = queue.shift()) await bucket.put(key, bytes("x"));
    };
    await Promise.all(Array.from({ length: 24 }, work));
    const pages = await pagesOf(bucket, "many/");
    expect(pages.map(({ length }) => length)).toEqual([1_000, 500]);
    expect(pages.flat()).toEqual(keys);
    const removals = await bucket.removeMany(keys);
    expect(new Set(removals.map(({ outcome }) => outcome))).toEqual(new Set(["removed"]));
    expect(proxy.passed.filter(({ operation }) => operation === "DeleteObjects")).toHaveLength(2);
    expect(await bucket.list("")).toEqual([]);
  });

  test("parts and open uploads come in pages, too", async () => {
    const bucket = s3Archives({ ...s3.place(await s3.freshBucket()), pageSize: 2 });
    onTestFinished(() => bucket.close());
    const keys = ["a", "a", "b", "c", "c"];
    const uploads: Upload[] = [];
    for (const key of keys) uploads.push(await bucket.begin(key, {}));
    const [first] = uploads;
    if (first === undefined) throw new Error("no upload");
    for (const n of [5, 3, 1, 4, 2]) await bucket.putPart(first, n, { bytes: bytes(`${n}`) });
    expect((await bucket.parts(first))?.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    const found = await bucket.uploads("");
    expect(found.map(({ id }) => id).sort()).toEqual(uploads.map(({ id }) => id).sort());
    for (const upload of uploads) await bucket.abort(upload);
    expect(await bucket.uploads("")).toEqual([]);
  });

  test("in a bucket with versions what is removed is only marked, and says so", async () => {
    const bucket = open(s3.place(await s3.freshBucket({ versioned: true })));
    await bucket.put("a", bytes("one"));
    expect(await bucket.removeMany(["a"])).toEqual([{ key: "a", outcome: "marked", words: "" }]);
    expect(await bucket.head("a")).toBeNull();
    expect(await bucket.list("")).toEqual([]);
    expect((await bucket.traits()).versioned).toBe(true);
  });

  test("an archive under Object Lock says until when", async () => {
    const name = await s3.freshBucket({ lock: true });
    const bucket = open(s3.place(name, { lock: { mode: "governance", days: 14 } }));
    const upload = await bucket.begin("a", {});
    await bucket.complete(upload, [await bucket.putPart(upload, 1, { bytes: bytes("archive") })]);
    const until = (await bucket.head("a"))?.lockedUntil?.epochMilliseconds ?? 0;
    expect(Math.round((until - Date.now()) / 86_400_000)).toBe(14);
    expect((await bucket.traits()).objectLock).toBe(true);
    await s3.client.send(new PutObjectLegalHoldCommand({ Bucket: name, Key: "a", LegalHold: { Status: "ON" } }));
    expect((await bucket.head("a"))?.lockedUntil?.toString()).toMatch(/^9999-/);
  });

  test("of many keys to remove, those that the server refuses are named with its words, and the others go", async () => {
    const name = await s3.freshBucket();
    const bucket = open(s3.place(name));
    for (const key of ["free/a", "kept/b", "free/c"]) await bucket.put(key, bytes(key));
    await s3.client.send(
      new PutBucketPolicyCommand({
        Bucket: name,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Deny", Principal: "*", Action: "s3:DeleteObject", Resource: `arn:aws:s3:::${name}/kept/*` },
          ],
        }),
      }),
    );
    const removals = await bucket.removeMany(["free/a", "kept/b", "free/c"]);
    expect(removals.map(({ outcome }) => outcome)).toEqual(["removed", "failed", "removed"]);
    expect(removals[1]?.words).toContain("AccessDenied");
    expect(await bucket.list("")).toEqual(["kept/b"]);
  });

  test("a right that is missing is said with the key, and isn't tried again", async () => {
    const name = await s3.freshBucket();
    await allow(name, ["s3:PutObject"]);
    const bucket = open(s3.place(name));
    const expected = {
      code: "bucket.io",
      retry: "never",
      message: expect.stringContaining(`s3://${name}/a refuses access`),
    };
    await expect(bucket.put("a", bytes("x"))).rejects.toMatchObject(expected);
    await expect(bucket.begin("a", {})).rejects.toMatchObject(expected);
  });

  test("a bucket that doesn't exist, or was removed, is never taken for an empty one", async () => {
    const name = await s3.freshBucket();
    await s3.client.send(new DeleteBucketCommand({ Bucket: name }));
    const bucket = open(s3.place(name));
    const expected = { code: "bucket.io", retry: "never", message: `The bucket “${name}” doesn't exist.` };
    await expect(bucket.head("a")).rejects.toMatchObject(expected);
    await expect(bucket.get("a")).rejects.toMatchObject(expected);
    await expect(bucket.list("")).rejects.toMatchObject(expected);
    await expect(bucket.put("a", bytes("x"))).rejects.toMatchObject(expected);
    await expect(bucket.begin("a", {})).rejects.toMatchObject(expected);
    await expect(bucket.parts({ key: "a", id: "x" })).rejects.toMatchObject(expected);
    await expect(bucket.uploads("")).rejects.toMatchObject(expected);
    await expect(bucket.removeMany(["a"])).rejects.toMatchObject(expected);
    await expect(bucket.traits()).rejects.toMatchObject(expected);
  });

  test.each([
    ["a key that nobody knows", { accessKeyId: "NOBODY", secretAccessKey: "x" }],
    ["a wrong secret", { accessKeyId: s3.credentials.accessKeyId, secretAccessKey: "wrong" }],
  ])("%s is said in plain words", async (_, keys) => {
    const name = await s3.freshBucket();
    const bucket = open(s3.place(name, { credentials: { ...keys, sessionToken: null } }));
    await expect(bucket.list("")).rejects.toMatchObject({
      code: "bucket.io",
      retry: "never",
      message: expect.stringContaining("doesn't accept the credentials"),
      hint: expect.stringContaining("access key"),
    });
  });

  test("a server that can't be reached may be tried again", async () => {
    const bucket = open(s3.place("any", { endpoint: "http://127.0.0.1:9", retryForMs: 400 }));
    await expect(bucket.put("a", bytes("x"))).rejects.toMatchObject({
      code: "bucket.io",
      retry: "later",
      message: expect.stringContaining("can't be reached"),
    });
  });

  test("encryption by the server's key is asked for, and read back as it was", async () => {
    const bucket = open(s3.place(await s3.freshBucket(), { encryption: { kind: "kms", keyId: "testkey" } }));
    const content = randomBytes(10_000);
    const upload = await bucket.begin("a", {});
    await bucket.complete(upload, [await bucket.putPart(upload, 1, { bytes: content })]);
    await bucket.put("b", content);
    expect(content.equals((await bucket.get("a")) ?? new Uint8Array())).toBe(true);
    expect(content.equals((await bucket.get("b")) ?? new Uint8Array())).toBe(true);
  });

  test("the probe finds all well, says what the bucket is like, and leaves nothing", async () => {
    const name = await s3.freshBucket();
    const place = { ...s3.place(name), prefix: "some/path" };
    const findings = await probePlace(place, { open: openBucket, clock: systemClock });
    expect(findings.map(({ grade }) => grade)).toEqual(["fine", "fine", "fine", "fine", "note"]);
    expect(findings.at(-1)?.what).toContain("ends uploads");
    expect(await open(place).list("")).toEqual([]);
    expect(await open(place).uploads("")).toEqual([]);
  });

  test("the probe finds versions, a rule for uploads, and a lock that isn't there", async () => {
    const name = await s3.freshBucket({ versioned: true });
    await s3.client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: name,
        LifecycleConfiguration: {
          Rules: [
            {
              ID: "1",
              Status: "Enabled",
              Filter: { Prefix: "" },
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
            },
          ],
        },
      }),
    );
    expect((await open(s3.place(name)).traits()).endsUploadsAfterDays).toBe(7);
    const found = await probePlace(s3.place(name), { open: openBucket, clock: systemClock });
    expect(found.filter(({ grade }) => grade !== "fine")).toMatchObject([
      { grade: "note", what: expect.stringContaining("versions") },
    ]);
  });

  test("the probe finds a clock that is 20 minutes off", async () => {
    const place = s3.place(await s3.freshBucket());
    const clock = { now: () => systemClock.now().add({ minutes: 20 }) };
    const found = await probePlace(place, { open: openBucket, clock });
    expect(found).toContainEqual(
      expect.objectContaining({ grade: "fault", what: expect.stringContaining("20 minutes") }),
    );
  });
});

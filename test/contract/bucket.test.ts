import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openBucket } from "#app/buckets.ts";
import type { ArchiveBucket, Upload, UploadedPart } from "#bucket/port.ts";
import { describeS3 } from "../support/s3.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

const readAll = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
};

/** What S3 takes as a part that isn't the last one. */
const partBytes = 5 * 1024 * 1024;
const archive = randomBytes(2 * partBytes + 12_345);
const partOf = (n: number): Uint8Array => archive.subarray((n - 1) * partBytes, n * partBytes);

interface Begun {
  readonly upload: Upload;
  readonly parts: readonly UploadedPart[];
}

/** An upload of which all parts have arrived. */
const sent = async (bucket: ArchiveBucket, key: string): Promise<Begun> => {
  const upload = await bucket.begin(key, { "run-id": key, sha256: hashOf(archive) });
  const parts = await Promise.all([1, 2, 3].map((n) => bucket.putPart(upload, n, { bytes: partOf(n) })));
  return { upload, parts };
};

/** The same promises for every kind of bucket; `fresh` opens an empty one. */
const keepsPromises = (fresh: () => Promise<ArchiveBucket>): void => {
  const buckets: ArchiveBucket[] = [];
  const open = async (): Promise<ArchiveBucket> => {
    const bucket = await fresh();
    buckets.push(bucket);
    return bucket;
  };
  afterAll(async () => void (await Promise.all(buckets.map((bucket) => bucket.close()))));

  test("what was put is got, replaced, listed and removed", async () => {
    const bucket = await open();
    await bucket.put("a/b.json", bytes("one"));
    await bucket.put("a/b.json", bytes("two"));
    await bucket.put("a/empty", bytes(""));
    expect(Buffer.from((await bucket.get("a/b.json")) ?? []).toString()).toBe("two");
    expect((await bucket.get("a/empty"))?.byteLength).toBe(0);
    expect(await bucket.get("a/none")).toBeNull();
    expect(await bucket.list("")).toEqual(["a/b.json", "a/empty"]);
    expect(await bucket.remove("a/b.json")).toBe(true);
    expect(await bucket.remove("a/b.json")).toBe(false);
    expect(await bucket.list("a/")).toEqual(["a/empty"]);
  });

  test.each(["with space/ä ö.tsbak", "a+b%20&c=d/é~'(x).tar", "日本/報告.dump"])(
    "%j is a key like any other",
    async (key) => {
      const bucket = await open();
      await bucket.put(key, bytes(key));
      expect(await bucket.list("")).toEqual([key]);
      expect((await bucket.head(key))?.bytes).toBe(bytes(key).byteLength);
      expect(Buffer.from((await bucket.get(key)) ?? []).toString()).toBe(key);
      expect(await bucket.removeMany([key])).toEqual([{ key, outcome: "removed", words: "" }]);
      expect(await bucket.list("")).toEqual([]);
    },
  );

  test("an archive in parts appears whole at its completing, byte for byte, and with its metadata", async () => {
    const bucket = await open();
    const { upload, parts } = await sent(bucket, "x/2026/11/bi-2026-11-21.tsbak");
    expect(await bucket.head(upload.key)).toBeNull();
    expect(await bucket.list("")).toEqual([]);
    const before = Date.now();
    await bucket.complete(upload, parts);
    const head = await bucket.head(upload.key);
    expect(head).toMatchObject({ key: upload.key, bytes: archive.byteLength, lockedUntil: null });
    expect(head?.metadata).toMatchObject({ "run-id": upload.key, sha256: hashOf(archive) });
    expect(Math.abs((head?.modifiedAt.epochMilliseconds ?? 0) - before)).toBeLessThan(300_000);
    expect(hashOf(await readAll(bucket.read(upload.key)))).toBe(hashOf(archive));
    expect(await bucket.uploads("")).toEqual([]);
    expect(await bucket.parts(upload)).toBeNull();
  });

  test("a range is read from its first byte to the one before its last", async () => {
    const bucket = await open();
    await bucket.put("a", bytes("0123456789"));
    const textOf = async (from: number, to: number) =>
      (await readAll(bucket.read("a", { range: { from, to } }))).toString();
    expect(await textOf(0, 1)).toBe("0");
    expect(await textOf(3, 7)).toBe("3456");
    expect(await textOf(8, 100)).toBe("89");
    expect(await textOf(4, 4)).toBe("");
  });

  test("nothing can be read of what isn't there", async () => {
    const bucket = await open();
    await expect(readAll(bucket.read("none"))).rejects.toMatchObject({ code: "bucket.missing", retry: "never" });
    expect(await bucket.head("none")).toBeNull();
  });

  test("an upload goes on where it was: the bucket says which parts it has", async () => {
    const bucket = await open();
    const upload = await bucket.begin("a", {});
    const third = await bucket.putPart(upload, 3, { bytes: partOf(3) });
    const first = await bucket.putPart(upload, 1, { bytes: partOf(1) });
    expect(await bucket.parts(upload)).toEqual([first, third]);
    const listed = await bucket.uploads("");
    expect(listed).toMatchObject([upload]);
    expect(Math.abs((listed[0]?.beganAt.epochMilliseconds ?? 0) - Date.now())).toBeLessThan(300_000);
    expect(await bucket.uploads("b")).toEqual([]);
    const second = await bucket.putPart(upload, 2, { bytes: partOf(2) });
    await bucket.complete(upload, [first, second, third]);
    expect(hashOf(await readAll(bucket.read("a")))).toBe(hashOf(archive));
  });

  test("a part that is sent again replaces the first", async () => {
    const bucket = await open();
    const upload = await bucket.begin("a", {});
    const wrong = await bucket.putPart(upload, 1, { bytes: partOf(2) });
    const right = await bucket.putPart(upload, 1, { bytes: partOf(1) });
    expect(await bucket.parts(upload)).toEqual([right]);
    await expect(bucket.complete(upload, [wrong])).rejects.toMatchObject({ code: "bucket.io", retry: "never" });
    await bucket.complete(upload, [right]);
    expect(hashOf(await readAll(bucket.read("a")))).toBe(hashOf(partOf(1)));
  });

  test("completing never replaces an object that is there", async () => {
    const bucket = await open();
    await bucket.put("a", bytes("precious"));
    const { upload, parts } = await sent(bucket, "a");
    await expect(bucket.complete(upload, parts)).rejects.toMatchObject({ code: "bucket.exists", retry: "never" });
    expect(Buffer.from((await bucket.get("a")) ?? []).toString()).toBe("precious");
    await bucket.abort(upload);
  });

  test("an upload that was given up is gone with its parts, and given up twice without harm", async () => {
    const bucket = await open();
    const { upload, parts } = await sent(bucket, "a");
    await bucket.abort(upload);
    await bucket.abort(upload);
    expect(await bucket.parts(upload)).toBeNull();
    expect(await bucket.uploads("")).toEqual([]);
    const gone = { code: "bucket.missing", retry: "never" };
    await expect(bucket.putPart(upload, 1, { bytes: partOf(1) })).rejects.toMatchObject(gone);
    await expect(bucket.complete(upload, parts)).rejects.toMatchObject(gone);
    expect(await bucket.list("")).toEqual([]);
  });

  test("a finished upload can't be completed once more, and its object stays", async () => {
    const bucket = await open();
    const { upload, parts } = await sent(bucket, "a");
    await bucket.complete(upload, parts);
    await expect(bucket.complete(upload, parts)).rejects.toMatchObject({ code: "bucket.missing" });
    expect((await bucket.head("a"))?.bytes).toBe(archive.byteLength);
  });

  test("removing many says of each key that it is away, also of one that never was there", async () => {
    const bucket = await open();
    for (const key of ["a", "b", "c"]) await bucket.put(key, bytes(key));
    expect(await bucket.removeMany(["c", "never", "a"])).toEqual(
      ["c", "never", "a"].map((key) => ({ key, outcome: "removed", words: "" })),
    );
    expect(await bucket.list("")).toEqual(["b"]);
    expect(await bucket.removeMany([])).toEqual([]);
  });

  test("pages come in the order of their keys, each object once, with its size", async () => {
    const bucket = await open();
    for (const key of ["b/2", "a/1", "b/10", "b-1", "c"]) await bucket.put(key, bytes(key));
    const found: string[] = [];
    for await (const page of bucket.pages("b")) {
      for (const { key, bytes: size } of page) {
        expect(size).toBe(key.length);
        found.push(key);
      }
    }
    expect(found.toSorted()).toEqual(["b-1", "b/10", "b/2"]);
  });

  test.each(["../a", "/a", "a//b", "a/./b"])("the key %j is refused before anything is sent", async (key) => {
    const bucket = await open();
    await expect(bucket.put(key, bytes("x"))).rejects.toMatchObject({ code: "bucket.io", retry: "never" });
    await expect(bucket.begin(key, {})).rejects.toMatchObject({ code: "bucket.io", retry: "never" });
  });

  test("whoever stops waiting gets their own reason", async () => {
    const bucket = await open();
    const upload = await bucket.begin("a", {});
    const signal = AbortSignal.abort(new Error("the program stops"));
    await expect(bucket.putPart(upload, 1, { bytes: partOf(1), signal })).rejects.toThrow("the program stops");
    await bucket.put("b", archive);
    await expect(readAll(bucket.read("b", { signal }))).rejects.toThrow("the program stops");
    await bucket.abort(upload);
  });

  test("a plain bucket has no versions and no locks", async () => {
    const bucket = await open();
    await bucket.put("a", bytes("x"));
    const { now, ...traits } = await bucket.traits();
    expect(traits).toEqual({ versioned: false, objectLock: false, endsUploadsAfterDays: null });
    if (now !== null) expect(Math.abs(now.epochMilliseconds - Date.now())).toBeLessThan(60_000);
  });
};

describe("a folder", () => {
  const homes: string[] = [];
  afterAll(async () => void (await Promise.all(homes.map((dir) => rm(dir, { recursive: true, force: true })))));
  keepsPromises(async () => {
    const dir = await mkdtemp(join(tmpdir(), "daybreak-bucket-"));
    homes.push(dir);
    return openBucket({ kind: "folder", dir: join(dir, "archives") });
  });
});

await describeS3("a bucket on S3", (s3) => {
  keepsPromises(async () => openBucket(s3.place(await s3.freshBucket())));
});

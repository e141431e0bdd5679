import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readBack, readBackWords } from "#backup/verify.ts";
import { folderArchives } from "#bucket/folder-archives.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { Fault } from "#model/fault.ts";
import { systemClock } from "#runtime/clock.ts";

const MiB = 1024 * 1024;
const parts = {
  clock: systemClock,
  retryForMs: 5_000,
  signal: new AbortController().signal,
  backoff: { baseMs: 1, maxMs: 2 },
};

const bucketWith = async (bytes: Buffer) => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-verify-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const bucket = folderArchives({ dir });
  await bucket.put("a", bytes);
  const expected = { key: "a", bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
  return { bucket, expected };
};

// A few bytes, a byte more than a step of the progress, several steps, and so many that a thread of its own hashes them.
test.each([1, 8 * MiB + 1, 30 * MiB, 70 * MiB])("%d bytes are read back in their order", async (size) => {
  const { bucket, expected } = await bucketWith(randomBytes(size));
  const told: number[] = [];
  const found = await readBack(bucket, expected, { ...parts, onProgress: (bytes) => told.push(bytes) });
  expect(found).toEqual({ outcome: "equal" });
  expect(told.at(-1)).toBe(size);
});

test.each([30 * MiB, 70 * MiB])(
  "of %d bytes one that changed is found, and so is an archive that is gone",
  async (size) => {
    const bytes = randomBytes(size);
    const { bucket, expected } = await bucketWith(bytes);
    bytes.writeUInt8(bytes.readUInt8(size - 3) ^ 1, size - 3);
    await bucket.put("a", bytes);
    expect(await readBack(bucket, expected, parts)).toMatchObject({ outcome: "different", bytes: size });
    expect(await readBack(bucket, { ...expected, key: "b" }, parts)).toEqual({ outcome: "missing" });
  },
);

/** Breaks each answer off after some of its bytes, as often as it is told. */
const breaking = (bucket: ArchiveBucket, times: number): ArchiveBucket => {
  let left = times;
  return {
    ...bucket,
    read: async function* (key, options) {
      let sent = 0;
      for await (const piece of bucket.read(key, options)) {
        if (left > 0 && sent > 100_000) {
          left -= 1;
          throw new Fault("bucket.io", "The line broke.", { hint: "", retry: "later" });
        }
        sent += piece.byteLength;
        yield piece;
      }
    },
  };
};

test("an answer that breaks off is gone on with, byte for byte", async () => {
  const { bucket, expected } = await bucketWith(randomBytes(20 * MiB));
  expect(await readBack(breaking(bucket, 25), expected, parts)).toEqual({ outcome: "equal" });
});

test("a server that sends more than was asked for is no bucket for archives", async () => {
  const { bucket, expected } = await bucketWith(randomBytes(9 * MiB));
  // Asked for the rest of an answer that broke off, it begins at the first byte again.
  const whole: ArchiveBucket = { ...bucket, read: (key) => bucket.read(key) };
  await expect(readBack(breaking(whole, 1), expected, parts)).rejects.toThrow("sent more of");
});

/** Gives a changed bit in the first answers, as a bad line does; the bucket's own bytes stay what they are. */
const flipping = (bucket: ArchiveBucket, times: number): ArchiveBucket => {
  let left = times;
  return {
    ...bucket,
    read: async function* (key, options) {
      for await (const piece of bucket.read(key, options)) {
        if (left > 0) {
          left -= 1;
          yield Buffer.from(piece).fill((piece[0] ?? 0) ^ 1, 0, 1);
        } else yield piece;
      }
    },
  };
};

test("a bit that changed on the way down is read again, and blames no archive", async () => {
  const { bucket, expected } = await bucketWith(randomBytes(9 * MiB));
  const found = await readBack(flipping(bucket, 1), expected, parts);
  expect(found).toEqual({ outcome: "equal", flipped: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(readBackWords(expected, found)).toContain("A first reading had other bytes");
  expect(await readBack(flipping(bucket, 1_000), expected, parts)).toMatchObject({ outcome: "different" });
});

test("an archive of another length isn't read twice", async () => {
  const { bucket, expected } = await bucketWith(randomBytes(1_000));
  let readings = 0;
  const counted: ArchiveBucket = {
    ...bucket,
    read: (key, options) => {
      readings += 1;
      return bucket.read(key, options);
    },
  };
  expect(await readBack(counted, { ...expected, bytes: 999 }, parts)).toMatchObject({ outcome: "different" });
  expect(readings).toBe(1);
});

import { createHash, randomBytes, randomInt } from "node:crypto";
import type { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { openHasher } from "#backup/hasher.ts";

const MiB = 1024 * 1024;
const large = 100 * MiB;
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Pieces as they come from a network: of any size, none of a block's. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; ) {
    const piece = bytes.subarray(at, at + randomInt(1, 3 * MiB));
    at += piece.byteLength;
    yield piece;
  }
}

test.each([0, 1, MiB, 8 * MiB, 8 * MiB + 1, 23 * MiB + 7])(
  "%d bytes in pieces of any size, hashed here and in a thread, have the SHA-256 of all of them at once",
  async (size) => {
    const bytes = randomBytes(size);
    for (const expectedBytes of [size, large]) {
      await using hasher = openHasher(expectedBytes);
      for (const piece of piecesOf(bytes)) {
        const own = Buffer.from(piece);
        await hasher.update(own);
        // Whose bytes they are may use them again at once.
        own.fill(0);
      }
      expect(await hasher.digest()).toBe(sha256(bytes));
    }
  },
);

test.each(["while bytes come", "at the end"])(
  "a thread that dies %s is a failure that is tried again",
  async (when) => {
    const started = new Promise<Worker>((resolve) => process.once("worker", resolve));
    await using hasher = openHasher(large);
    const worker = await started;
    await hasher.update(randomBytes(3 * MiB));
    await worker.terminate();
    const goOn = async (): Promise<void> => {
      for (let n = 0; when !== "at the end" && n < 20; n += 1) await hasher.update(randomBytes(MiB));
      await hasher.digest();
    };
    await expect(goOn()).rejects.toMatchObject({ code: "backup.verify", retry: "later" });
  },
);

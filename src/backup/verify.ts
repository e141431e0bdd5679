/** Reads an archive back from its bucket, whole. Only equal bytes make it verified: nothing that a server says about them does. */
import { openHasher } from "#backup/hasher.ts";
import { type Persistence, persist } from "#backup/persist.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { Fault, isFault } from "#model/fault.ts";
import { collectYoung } from "#runtime/collect.ts";

/** What an archive must be. */
export interface ExpectedArchive {
  readonly key: string;
  readonly bytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
}

/** What was found in the bucket. */
export type ReadBack =
  /** `flipped`: only the second reading was right, so bits had changed on the way; the first one's SHA-256. */
  | { readonly outcome: "equal"; readonly flipped?: string }
  | { readonly outcome: "missing" }
  | { readonly outcome: "different"; readonly bytes: number; readonly sha256: string };

/** What reading back uses. */
export interface VerifyParts extends Persistence {
  readonly onProgress?: (bytes: number, of: number) => void;
}

/** So many bytes between two words about the progress. */
const stepBytes = 8 * 1024 * 1024;

/**
 * Reads all bytes and compares them. An answer that breaks off is asked for from there on. Other bytes in the right number are read once
 * more before anybody is told: what changed on the way down is whole in the bucket.
 */
export const readBack = async (
  bucket: ArchiveBucket,
  expected: ExpectedArchive,
  parts: VerifyParts,
): Promise<ReadBack> => {
  const first = await readOnce(bucket, expected, parts);
  if (first.outcome !== "different" || first.bytes !== expected.bytes) return first;
  const second = await readOnce(bucket, expected, parts);
  return second.outcome === "equal" ? { ...second, flipped: first.sha256 } : second;
};

const readOnce = async (bucket: ArchiveBucket, expected: ExpectedArchive, parts: VerifyParts): Promise<ReadBack> => {
  const head = await persist(() => bucket.head(expected.key, parts.signal), parts);
  if (head === null) return { outcome: "missing" };
  await using hasher = openHasher(head.bytes);
  try {
    let [read, told] = [0, 0];
    for await (const bytes of bytesOf({ bucket, key: expected.key, end: head.bytes }, parts)) {
      await hasher.update(bytes);
      read += bytes.byteLength;
      if (read - told < stepBytes && read < head.bytes) continue;
      told = read;
      collectYoung();
      parts.onProgress?.(read, head.bytes);
    }
  } catch (error) {
    if (isFault(error, "bucket.missing")) return { outcome: "missing" };
    throw error;
  }
  const found = { bytes: head.bytes, sha256: await hasher.digest() };
  const isEqual = found.bytes === expected.bytes && found.sha256 === expected.sha256;
  return isEqual ? { outcome: "equal" } : { outcome: "different", ...found };
};

interface Reading {
  readonly bucket: ArchiveBucket;
  readonly key: string;
  readonly end: number;
}

/**
 * The bytes in their order, in one answer as long as it holds: asked for in pieces, each piece costs the client and the server several
 * milliseconds of processor time. Where an answer breaks off, the next one goes on.
 */
async function* bytesOf({ bucket, key, end }: Reading, parts: VerifyParts): AsyncGenerator<Uint8Array> {
  let read = 0;
  let answer: AsyncIterator<Uint8Array> | null = null;
  const next = async (): Promise<Uint8Array | null> => {
    const range = { from: read, to: end };
    answer ??= bucket.read(key, { range, signal: parts.signal })[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { value, done } = await answer.next();
        if (done === true) break;
        // An empty piece gets nobody any further.
        if (value.byteLength > 0) return value;
      }
    } catch (error) {
      answer = null;
      throw error;
    }
    answer = null;
    if (read < end) throw endedEarly(key);
    return null;
  };
  try {
    // Each piece that comes is a success: the time for retries begins anew.
    for (let bytes = await persist(next, parts); bytes !== null; bytes = await persist(next, parts)) {
      read += bytes.byteLength;
      if (read > end) throw tooMuch(key);
      yield bytes;
    }
  } finally {
    await (answer as AsyncIterator<Uint8Array> | null)?.return?.();
  }
}

/** An answer without bytes would otherwise be asked for again and again without a pause. */
const endedEarly = (key: string): Fault =>
  new Fault("bucket.io", `“${key}” ended before its last byte.`, { hint: "look at the bucket", retry: "later" });

/** Not tried again: a server that does this does it each time. */
const tooMuch = (key: string): Fault =>
  new Fault("bucket.io", `The bucket sent more of “${key}” than was asked for.`, {
    hint: "its server doesn't know ranges: archives can't be read back or restored from there",
  });

/** What a comparison found, as a sentence for operators. */
export const readBackWords = (expected: ExpectedArchive, found: ReadBack): string => {
  switch (found.outcome) {
    case "equal":
      return `${expected.key} was read back whole, and its SHA-256 is the one of the archive that was made.${
        found.flipped === undefined
          ? ""
          : ` A first reading had other bytes (SHA-256 ${found.flipped}): look at the way there.`
      }`;
    case "missing":
      return `${expected.key} is not in the bucket.`;
    case "different":
      return found.bytes === expected.bytes
        ? `${expected.key} has other bytes than the archive that was made: SHA-256 ${found.sha256}, expected ${expected.sha256}.`
        : `${expected.key} has ${found.bytes} bytes, the archive that was made had ${expected.bytes}.`;
  }
};

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

/** Asked for at once, so that neither the way nor the bucket waits while bytes are hashed; with `ahead` of them in memory. */
const rangeBytes = 4 * 1024 * 1024;
const ahead = 3;

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
    const free: ArrayBuffer[] = [];
    for await (const { memory, bytes } of rangesOf({ bucket, key: expected.key, end: head.bytes, free }, parts)) {
      // Meanwhile the next ranges are on their way.
      free.push(await hasher.update(memory, bytes));
      collectYoung();
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
  /** Memory that can be filled again. */
  readonly free: ArrayBuffer[];
}

/** The first bytes of some memory. */
interface Piece {
  readonly memory: ArrayBuffer;
  readonly bytes: number;
}

/** The bytes in their order. */
async function* rangesOf(reading: Reading, parts: VerifyParts): AsyncGenerator<Piece> {
  const { end, free } = reading;
  const cut = new AbortController();
  const signal = AbortSignal.any([parts.signal, cut.signal]);
  const coming: Promise<Piece>[] = [];
  const ask = (from: number): void => {
    const memory = free.pop() ?? new ArrayBuffer(Math.min(rangeBytes, end));
    const buffer = Buffer.from(memory, 0, Math.min(memory.byteLength, end - from));
    const range = fillRange(reading, { from, buffer }, { ...parts, signal }).then((bytes) => ({ memory, bytes }));
    // Whoever waits for it hears of a failure; nobody does any more when an earlier one has failed.
    range.catch(() => undefined);
    coming.push(range);
  };
  try {
    for (let [asked, done] = [0, 0]; done < end; ) {
      for (; coming.length < ahead && asked < end; asked += rangeBytes) ask(asked);
      const piece = await coming.shift();
      if (piece === undefined) break;
      const { bytes } = piece;
      yield piece;
      done += bytes;
      parts.onProgress?.(done, end);
    }
  } finally {
    cut.abort();
  }
}

/** Fills a buffer from its place in the object. An answer that got on is no failure: the time for retries begins anew. */
const fillRange = async (
  { bucket, key }: Reading,
  { from, buffer }: { readonly from: number; readonly buffer: Buffer },
  parts: VerifyParts,
): Promise<number> => {
  let filled = 0;
  const readOn = async (): Promise<void> => {
    const before = filled;
    try {
      const range = { from: from + filled, to: from + buffer.byteLength };
      for await (const piece of bucket.read(key, { range, signal: parts.signal })) {
        if (filled + piece.byteLength > buffer.byteLength) throw tooMuch(key);
        buffer.set(piece, filled);
        filled += piece.byteLength;
      }
    } catch (error) {
      if (!isFault(error) || error.retry === "never" || filled === before) throw error;
      return;
    }
    if (filled === before) throw endedEarly(key);
  };
  while (filled < buffer.byteLength) await persist(readOn, parts);
  return filled;
};

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

/** Reads an archive back from its bucket, whole. Only equal bytes make it verified: nothing that a server says about them does. */
import { createHash, type Hash } from "node:crypto";
import { type Persistence, persist } from "#backup/persist.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { Fault, isFault } from "#model/fault.ts";

/** What an archive must be. */
export interface ExpectedArchive {
  readonly key: string;
  readonly bytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
}

/** What was found in the bucket. */
export type ReadBack =
  | { readonly outcome: "equal" }
  | { readonly outcome: "missing" }
  | { readonly outcome: "different"; readonly bytes: number; readonly sha256: string };

/** What reading back uses. */
export interface VerifyParts extends Persistence {
  readonly onProgress?: (bytes: number, of: number) => void;
}

/** Reads all bytes and compares them. An answer that breaks off is asked for from there on. */
export const readBack = async (
  bucket: ArchiveBucket,
  expected: ExpectedArchive,
  parts: VerifyParts,
): Promise<ReadBack> => {
  const head = await persist(() => bucket.head(expected.key, parts.signal), parts);
  if (head === null) return { outcome: "missing" };
  const reading: Reading = { bucket, key: expected.key, end: head.bytes, hash: createHash("sha256"), at: 0 };
  try {
    while (reading.at < reading.end) await persist(() => readOn(reading, parts), parts);
  } catch (error) {
    if (isFault(error, "bucket.missing")) return { outcome: "missing" };
    throw error;
  }
  const found = { bytes: reading.at, sha256: reading.hash.digest("hex") };
  const isEqual = found.bytes === expected.bytes && found.sha256 === expected.sha256;
  return isEqual ? { outcome: "equal" } : { outcome: "different", ...found };
};

interface Reading {
  readonly bucket: ArchiveBucket;
  readonly key: string;
  readonly end: number;
  readonly hash: Hash;
  at: number;
}

/** One answer of the bucket, from where the last one ended. One that got on is no failure: its time for retries begins anew. */
const readOn = async (reading: Reading, { signal, onProgress }: VerifyParts): Promise<void> => {
  const { bucket, key, end, hash, at: from } = reading;
  try {
    for await (const piece of bucket.read(key, { range: { from, to: end }, signal })) {
      hash.update(piece);
      reading.at += piece.byteLength;
      onProgress?.(reading.at, end);
    }
  } catch (error) {
    if (!isFault(error) || error.retry === "never" || reading.at === from) throw error;
    return;
  }
  if (reading.at === from) throw endedEarly(key);
};

/** An answer without bytes would otherwise be asked for again and again without a pause. */
const endedEarly = (key: string): Fault =>
  new Fault("bucket.io", `“${key}” ended before its last byte.`, { hint: "look at the bucket", retry: "later" });

/** What a comparison found, as a sentence for operators. */
export const readBackWords = (expected: ExpectedArchive, found: ReadBack): string => {
  switch (found.outcome) {
    case "equal":
      return `${expected.key} was read back whole, and its SHA-256 is the one of the archive that was made.`;
    case "missing":
      return `${expected.key} is not in the bucket.`;
    case "different":
      return found.bytes === expected.bytes
        ? `${expected.key} has other bytes than the archive that was made: SHA-256 ${found.sha256}, expected ${expected.sha256}.`
        : `${expected.key} has ${found.bytes} bytes, the archive that was made had ${expected.bytes}.`;
  }
};

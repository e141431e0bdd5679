/** Drawn files as emails take them: read and compared with their hash once for all who share them, and written for the wire once. */
import { createHash } from "node:crypto";
import type { Bucket } from "#bucket/port.ts";
import { base64Of } from "#compose/files.ts";
import type { Artifact } from "#model/render.ts";

/** What drawn files are read with. */
export interface DrawnFiles {
  /** The bytes that were drawn; `null` when they aren't there as they were. */
  read(artifact: Pick<Artifact, "path" | "sha256">): Promise<Uint8Array | null>;
  /** A file as base64 in lines; what was asked for before, and is still in use, is not worked out again. */
  encode(content: Uint8Array): Buffer;
}

/** Emails with the same filters are written one after the other by each writer; this holds those of some tens of different filters. */
const usualCacheBytes = 16_000_000;

/** Reads from a bucket, and remembers about `cacheBytes` of what was read last. */
export const openDrawn = (bucket: Bucket, cacheBytes = usualCacheBytes): DrawnFiles => {
  const kept = new Map<string, Uint8Array>();
  const encoded = new WeakMap<Uint8Array, Buffer>();
  let held = 0;
  const keep = (sha256: string, bytes: Uint8Array): void => {
    // The last used is the last to go.
    held += kept.delete(sha256) ? 0 : bytes.byteLength;
    kept.set(sha256, bytes);
    for (const [oldest, { byteLength }] of kept) {
      if (held <= cacheBytes) return;
      kept.delete(oldest);
      held -= byteLength;
    }
  };
  return {
    read: async ({ path, sha256 }) => {
      const known = kept.get(sha256);
      const bytes = known ?? (await bucket.get(path));
      if (bytes === null) return null;
      // What is remembered was compared when it was read; what somebody else has remembered meanwhile are other bytes than these.
      if (known === undefined && createHash("sha256").update(bytes).digest("hex") !== sha256) return null;
      keep(sha256, bytes);
      return bytes;
    },
    encode: (content) => {
      const known = encoded.get(content) ?? base64Of(content);
      encoded.set(content, known);
      return known;
    },
  };
};

/** A bucket that misbehaves as buckets do: lists only half, refuses single keys, keeps locked ones, keeps bytes behind markers. */
import type { ArchiveBucket, Removal } from "#bucket/port.ts";
import type { Temporal } from "#model/time.ts";

/** What is wrong with a bucket; may be changed while it is used. */
export interface Faults {
  /** Only so many objects are listed, without a word. */
  listedAtMost?: number;
  /** Keys whose removal is refused, with the server's words. */
  refuses?: ReadonlyMap<string, string>;
  /** Keys that Object Lock keeps until then. */
  locked?: ReadonlyMap<string, Temporal.Instant>;
  /** Removed objects stay behind a marker. */
  versioned?: boolean;
  /** The connection breaks after so many removals. */
  breaksAfter?: number;
  /** By its own clock. */
  now?: Temporal.Instant;
}

/** Puts faults in front of a bucket. `removed` are the keys that really went. */
export const faulty = (
  bucket: ArchiveBucket,
  faults: Faults,
): ArchiveBucket & { readonly removed: readonly string[] } => {
  const removed: string[] = [];
  const removeOne = async (key: string): Promise<Removal> => {
    const words = faults.refuses?.get(key);
    if (words !== undefined) return { key, outcome: "failed", words };
    if (faults.locked?.has(key)) return { key, outcome: "locked", words: "AccessDenied: object is locked" };
    if (faults.breaksAfter !== undefined && removed.length >= faults.breaksAfter) throw new Error("ECONNRESET");
    await bucket.remove(key);
    removed.push(key);
    return { key, outcome: faults.versioned ? "marked" : "removed", words: "" };
  };
  return {
    ...bucket,
    removed,
    pages: async function* (prefix, signal) {
      let left = faults.listedAtMost ?? Infinity;
      for await (const page of bucket.pages(prefix, signal)) {
        yield page.slice(0, left);
        left -= page.length;
        if (left <= 0) return;
      }
    },
    head: async (key, signal) => {
      const head = await bucket.head(key, signal);
      return head === null ? null : { ...head, lockedUntil: faults.locked?.get(key) ?? null };
    },
    removeMany: async (keys) => {
      const removals: Removal[] = [];
      for (const key of keys) removals.push(await removeOne(key));
      return removals;
    },
    traits: async () => ({ ...(await bucket.traits()), now: faults.now ?? null }),
  };
};

import type { Bucket } from "#bucket/port.ts";

/** What is remembered: of the keys below a prefix, so many bytes at most and for so long. */
export interface HandOver {
  readonly prefix: string;
  readonly mostBytes: number;
  readonly longestMs: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly timer: NodeJS.Timeout;
}

/**
 * A bucket that remembers what was put into it until it is asked for, once. Who writes an email and who sends it a moment later are mostly
 * one process, which needn't read it back. Nothing hangs on what is remembered: the bucket has it before.
 */
export const handedOver = (bucket: Bucket, { prefix, mostBytes, longestMs }: HandOver): Bucket => {
  const waiting = new Map<string, Waiting>();
  let held = 0;
  const take = (key: string): Uint8Array | null => {
    const one = waiting.get(key);
    if (one === undefined) return null;
    clearTimeout(one.timer);
    waiting.delete(key);
    held -= one.bytes.byteLength;
    return one.bytes;
  };
  return {
    name: bucket.name,
    put: async (key, bytes) => {
      take(key);
      await bucket.put(key, bytes);
      if (!key.startsWith(prefix)) return;
      waiting.set(key, { bytes, timer: setTimeout(() => take(key), longestMs).unref() });
      held += bytes.byteLength;
      for (const oldest of waiting.keys()) if (held > mostBytes) take(oldest);
    },
    get: async (key) => take(key) ?? (await bucket.get(key)),
    remove: async (key) => {
      take(key);
      return await bucket.remove(key);
    },
    list: (below) => bucket.list(below),
  };
};

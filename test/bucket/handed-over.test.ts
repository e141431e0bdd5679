import { expect, onTestFinished, test, vi } from "vitest";
import { handedOver } from "#bucket/handed-over.ts";
import type { Bucket } from "#bucket/port.ts";

/** A bucket in memory that counts how often it is read. */
const openCounting = () => {
  const kept = new Map<string, Uint8Array>();
  let reads = 0;
  const bucket: Bucket = {
    name: "memory",
    put: async (key, bytes) => void kept.set(key, bytes),
    get: async (key) => {
      reads += 1;
      return kept.get(key) ?? null;
    },
    remove: async (key) => kept.delete(key),
    list: async (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)),
  };
  return { bucket, kept, reads: () => reads };
};

const open = ({ mostBytes = 100, longestMs = 60_000 } = {}) => {
  const counting = openCounting();
  return { ...counting, over: handedOver(counting.bucket, { prefix: "messages/", mostBytes, longestMs }) };
};

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(length);

test("what was put is handed over once without being read, and lies in the bucket all the time", async () => {
  const { over, kept, reads } = open();
  await over.put("messages/a", bytes(7));
  expect(kept.get("messages/a")).toEqual(bytes(7));
  expect([await over.get("messages/a"), reads()]).toEqual([bytes(7), 0]);
  expect([await over.get("messages/a"), reads()]).toEqual([bytes(7), 1]);
});

test("no more is remembered than it may be, and nothing of other keys", async () => {
  const { over, reads } = open({ mostBytes: 20 });
  await over.put("renders/a", bytes(1));
  for (const key of ["a", "b", "c"]) await over.put(`messages/${key}`, bytes(8));
  for (const key of ["renders/a", "messages/a"]) await over.get(key);
  expect(reads()).toBe(2);
  for (const key of ["messages/b", "messages/c"]) expect(await over.get(key)).toEqual(bytes(8));
  expect(reads()).toBe(2);
});

test("what nobody asks for is forgotten after a while", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { over, reads } = open({ longestMs: 1_000 });
  await over.put("messages/a", bytes(7));
  vi.advanceTimersByTime(999);
  await over.put("messages/b", bytes(7));
  vi.advanceTimersByTime(1);
  for (const key of ["a", "b"]) expect(await over.get(`messages/${key}`)).toEqual(bytes(7));
  expect(reads()).toBe(1);
});

test("what was put anew, could not be put, or was removed is not handed over as it was", async () => {
  const { over, bucket } = open();
  await over.put("messages/a", bytes(1));
  await over.put("messages/a", bytes(2));
  expect(await over.get("messages/a")).toEqual(bytes(2));
  await over.put("messages/b", bytes(1));
  expect([await over.remove("messages/b"), await over.get("messages/b")]).toEqual([true, null]);
  await over.put("messages/c", bytes(1));
  bucket.put = async () => Promise.reject(new Error("full"));
  await expect(over.put("messages/c", bytes(2))).rejects.toThrow("full");
  bucket.get = async () => null;
  expect(await over.get("messages/c")).toBeNull();
});

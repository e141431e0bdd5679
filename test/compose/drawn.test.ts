import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Bucket } from "#bucket/port.ts";
import { openDrawn } from "#compose/drawn.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const fileOf = (text: string) => ({ path: text, sha256: createHash("sha256").update(text).digest("hex") });

/** A bucket whose files' names are what they hold, unless it was exchanged. */
const bucketWith = (exchanged: ReadonlyMap<string, string>, reads: string[]): Bucket => ({
  name: "test",
  put: async () => {},
  get: async (path) => {
    reads.push(path);
    return exchanged.get(path) === "" ? null : bytesOf(exchanged.get(path) ?? path);
  },
  remove: async () => false,
  list: async () => [],
});

test("a file is read and compared once for all who share it, as long as there is room", async () => {
  const reads: string[] = [];
  const drawn = openDrawn(bucketWith(new Map(), reads), 10);
  expect(await drawn.read(fileOf("aaaaa"))).toEqual(bytesOf("aaaaa"));
  await drawn.read(fileOf("bbbbb"));
  await drawn.read(fileOf("aaaaa"));
  expect(reads).toEqual(["aaaaa", "bbbbb"]);
  await drawn.read(fileOf("ccccc"));
  await drawn.read(fileOf("aaaaa"));
  await drawn.read(fileOf("bbbbb"));
  expect(reads).toEqual(["aaaaa", "bbbbb", "ccccc", "bbbbb"]);
});

test("a file that is gone or was exchanged is none, and isn't remembered", async () => {
  const exchanged = new Map([
    ["own", "somebody else's"],
    ["gone", ""],
  ]);
  const reads: string[] = [];
  const drawn = openDrawn(bucketWith(exchanged, reads));
  expect([await drawn.read(fileOf("own")), await drawn.read(fileOf("gone"))]).toEqual([null, null]);
  exchanged.clear();
  expect(await drawn.read(fileOf("own"))).toEqual(bytesOf("own"));
  expect(reads).toEqual(["own", "gone", "own"]);
});

test("a file is written for the wire in lines of 76, once", () => {
  const { encode } = openDrawn(bucketWith(new Map(), []));
  for (const length of [0, 1, 56, 57, 58, 114, 1_000]) {
    const content = Buffer.alloc(length, "daybreak");
    const lines = encode(content).toString("latin1").split("\r\n");
    expect(lines.slice(0, -1).every((line) => line.length === 76)).toBe(true);
    expect(Buffer.from(lines.join(""), "base64")).toEqual(content);
    expect(encode(content)).toBe(encode(content));
  }
});

import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freeBytes, lookAtRoom, removeRecorded } from "#backup/disk.ts";

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), "daybreak-disk-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
};

test("the free space of a folder that isn't there yet is that of the one above", async () => {
  const dir = folder();
  const there = await freeBytes(dir);
  expect(there).toBeGreaterThan(0);
  expect(Math.abs((await freeBytes(join(dir, "not", "yet"))) - there)).toBeLessThan(1024 ** 3);
});

test("too little room is refused before anything is made", async () => {
  const dir = folder();
  await expect(lookAtRoom({ kind: "postgres", dir, lastBytes: 2 ** 60 })).rejects.toMatchObject({
    code: "backup.produce",
    retry: "later",
  });
  expect(await lookAtRoom({ kind: "postgres", dir, lastBytes: 1 })).toEqual({ verdict: "enough" });
});

test("only the very file that a record names is removed", async () => {
  const path = join(folder(), "bi.tsbak");
  writeFileSync(path, "ours");
  const recorded = { path, bytes: 4, ino: statSync(path).ino };
  expect(await removeRecorded({ ...recorded, bytes: 5 })).toBe(false);
  expect(await removeRecorded({ ...recorded, ino: recorded.ino + 1 })).toBe(false);
  expect(existsSync(path)).toBe(true);
  expect(await removeRecorded(recorded)).toBe(true);
  expect(existsSync(path)).toBe(false);
  expect(await removeRecorded(recorded)).toBe(false);
});

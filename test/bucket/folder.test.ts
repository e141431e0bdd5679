import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { folderBucket } from "#bucket/folder.ts";
import type { Bucket } from "#bucket/port.ts";
import { noSmallDisk, smallDisk } from "../support/disks.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const open = async (): Promise<{ readonly dir: string; readonly bucket: Bucket }> => {
  const home = await mkdtemp(join(tmpdir(), "daybreak-bucket-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const dir = join(home, "artifacts");
  return { dir, bucket: folderBucket({ dir }) };
};

test("what was put can be had, listed by prefix and removed", async () => {
  const { bucket } = await open();
  for (const key of ["a/2.png", "a/1.png", "ab/3.png", "b/c/4.png", "a/1.png"]) await bucket.put(key, bytes(key));
  expect(Buffer.from((await bucket.get("a/1.png")) ?? []).toString()).toBe("a/1.png");
  expect(await bucket.list("")).toEqual(["a/1.png", "a/2.png", "ab/3.png", "b/c/4.png"]);
  expect(await bucket.list("a")).toEqual(["a/1.png", "a/2.png", "ab/3.png"]);
  expect(await bucket.list("a/")).toEqual(["a/1.png", "a/2.png"]);
  expect(await bucket.list("b/c/4")).toEqual(["b/c/4.png"]);
  expect(await bucket.remove("a/1.png")).toBe(true);
  expect(await bucket.remove("a/1.png")).toBe(false);
  expect(await bucket.get("a/1.png")).toBeNull();
  expect(await bucket.get("nothing/here")).toBeNull();
  expect(await bucket.list("nothing/here")).toEqual([]);
});

test("an empty bucket lists nothing, before its folder is made", async () => {
  const { bucket } = await open();
  expect(await bucket.list("")).toEqual([]);
  expect(await bucket.get("a")).toBeNull();
});

test("only our account may look", async () => {
  const { dir, bucket } = await open();
  await bucket.put("a/b.png", bytes("x"));
  const modes = await Promise.all(
    [dir, join(dir, "a"), join(dir, "a/b.png")].map(async (path) => (await stat(path)).mode & 0o777),
  );
  expect(modes).toEqual([0o700, 0o700, 0o600]);
});

test.each(["../a", "a/../../b", "/etc/passwd", "a//b", "", ".", "a/", "a\\..\\b", "a\u0000b", "a\nb", "a/.x.part"])(
  "the key %j is refused",
  async (key) => {
    const { bucket } = await open();
    const expected = { code: "bucket.io", retry: "never" };
    await expect(bucket.put(key, bytes("x"))).rejects.toMatchObject(expected);
    await expect(bucket.get(key)).rejects.toMatchObject(expected);
    await expect(bucket.remove(key)).rejects.toMatchObject(expected);
  },
);

test("whatever the key, nothing is written outside the folder", async () => {
  const { dir, bucket } = await open();
  const key = fc.stringMatching(/^[a.~/\\ é-]{1,12}$/);
  await fc.assert(
    fc.asyncProperty(key, async (name) => {
      await bucket.put(name, bytes("x")).catch(() => undefined);
      return (await readdir(join(dir, ".."))).every((entry) => entry === "artifacts");
    }),
  );
});

test("two who write one key at once leave one whole object", async () => {
  const { bucket, dir } = await open();
  const wholes = Array.from({ length: 8 }, (_, n) => String(n).repeat(200_000));
  await Promise.all(wholes.map((whole) => bucket.put("same", bytes(whole))));
  expect(wholes).toContain(Buffer.from((await bucket.get("same")) ?? []).toString());
  expect(await readdir(dir)).toEqual(["same"]);
});

test("what a killed process left half-written is no object", async () => {
  const { bucket, dir } = await open();
  await mkdir(dir);
  await writeFile(join(dir, ".a.0011.part"), "hal");
  expect(await bucket.list("")).toEqual([]);
});

test("a place that can't be written is a fault with what to do", async () => {
  const { bucket, dir } = await open();
  await writeFile(dir, "a file where the folder should be");
  await expect(bucket.put("a/b", bytes("x"))).rejects.toMatchObject({ code: "bucket.io", retry: "later" });
});

test("a full disk is a fault that says so, leaves no half object and the old one whole, and is over when there is room", async (context) => {
  const place = await mkdtemp(join(tmpdir(), "daybreak-disk-"));
  onTestFinished(() => rm(place, { recursive: true }));
  using disk = smallDisk(join(place, "disk"), 256);
  if (disk === null) return context.skip(noSmallDisk);
  const bucket = folderBucket({ dir: disk.dir });
  await bucket.put("kept", bytes("old"));
  await bucket.put("ballast", new Uint8Array(150_000));
  const large = new Uint8Array(200_000).fill(7);
  await expect(bucket.put("kept", large)).rejects.toMatchObject({
    code: "bucket.io",
    retry: "later",
    hint: expect.stringContaining("disk is full"),
  });
  expect(Buffer.from((await bucket.get("kept")) ?? []).toString()).toBe("old");
  expect(await readdir(disk.dir)).toEqual(["ballast", "kept"]);
  await bucket.remove("ballast");
  await bucket.put("kept", large);
  expect((await bucket.get("kept"))?.length).toBe(200_000);
});

import { existsSync } from "node:fs";
import { cp, link, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { folderArchives } from "#bucket/folder-archives.ts";
import type { ArchiveBucket } from "#bucket/port.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const open = async (): Promise<{ readonly dir: string; readonly bucket: ArchiveBucket }> => {
  const home = await mkdtemp(join(tmpdir(), "daybreak-archives-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const dir = join(home, "archives");
  return { dir, bucket: folderArchives({ dir }) };
};

const textOf = async (bucket: ArchiveBucket, key: string): Promise<string> =>
  Buffer.from((await bucket.get(key)) ?? []).toString();

/** An upload of three parts that waits to be completed. */
const threeParts = async (bucket: ArchiveBucket, key: string) => {
  const upload = await bucket.begin(key, { "run-id": key });
  const parts = [];
  for (const [at, text] of ["one ", "two ", "three"].entries()) {
    parts.push(await bucket.putPart(upload, at + 1, { bytes: bytes(text) }));
  }
  return { upload, parts };
};

test.each([".uploads", ".uploads/x/object.part", ".metadata/a", "../a", "a//b"])(
  "the key %j is refused",
  async (key) => {
    const { bucket } = await open();
    const expected = { code: "bucket.io", retry: "never" };
    await expect(bucket.put(key, bytes("x"))).rejects.toMatchObject(expected);
    await expect(bucket.begin(key, {})).rejects.toMatchObject(expected);
  },
);

test("only our account may look at an archive, its metadata and its parts", async () => {
  const { bucket, dir } = await open();
  const { upload, parts } = await threeParts(bucket, "a/b.tar");
  const modeOf = async (path: string) => (await stat(join(dir, path))).mode & 0o777;
  expect([await modeOf(".uploads"), await modeOf(`.uploads/${upload.id}`)]).toEqual([0o700, 0o700]);
  await bucket.complete(upload, parts);
  expect([await modeOf("a"), await modeOf("a/b.tar"), await modeOf(".metadata")]).toEqual([0o700, 0o600, 0o700]);
});

test("a process that ended between two parts of its completing goes on, and nothing is lost", async () => {
  const { bucket, dir } = await open();
  const { upload, parts } = await threeParts(bucket, "a");
  // What a kill leaves: the first part's bytes stand in the draft and its file is emptied; the second was cut off in its middle.
  const folder = join(dir, ".uploads", upload.id);
  const [first = ""] = (await readdir(folder)).filter((name) => name.startsWith("00001-"));
  await writeFile(join(folder, "object.part"), "one tw");
  await truncate(join(folder, first));
  expect(await bucket.parts(upload)).toEqual(parts);
  await bucket.complete(upload, parts);
  expect(await textOf(bucket, "a")).toBe("one two three");
  expect(await readdir(join(dir, ".uploads"))).toEqual([]);
});

test("a process that ended after the object appeared finds its own object, and tidies up", async () => {
  const { bucket, dir } = await open();
  const { upload, parts } = await threeParts(bucket, "a");
  const before = join(dir, "..", "before");
  await cp(join(dir, ".uploads", upload.id), before, { recursive: true });
  await bucket.complete(upload, parts);
  await cp(before, join(dir, ".uploads", upload.id), { recursive: true });
  await link(join(dir, "a"), join(dir, ".uploads", upload.id, "object.part"));
  await bucket.complete(upload, parts);
  expect(await textOf(bucket, "a")).toBe("one two three");
  expect(existsSync(join(dir, ".uploads", upload.id))).toBe(false);
  expect((await bucket.head("a"))?.metadata).toEqual({ "run-id": "a" });
});

test("of two uploads that want one key at the same moment one gets it, and the metadata are the winner's", async () => {
  const { bucket } = await open();
  const uploads = await Promise.all(
    Array.from({ length: 6 }, async (_, n) => {
      const upload = await bucket.begin("same", { "run-id": `${n}` });
      return { upload, parts: [await bucket.putPart(upload, 1, { bytes: bytes(`${n}`.repeat(1_000)) })] };
    }),
  );
  const outcomes = await Promise.allSettled(uploads.map(({ upload, parts }) => bucket.complete(upload, parts)));
  const winners = outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [`${n}`] : []));
  expect(winners).toHaveLength(1);
  expect((await bucket.head("same"))?.metadata).toEqual({ "run-id": winners[0] });
  expect((await textOf(bucket, "same"))[0]).toBe(winners[0]);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "bucket.exists", retry: "never" });
  }
});

test("a bucket that was copied to another disk keeps its metadata", async () => {
  const { bucket, dir } = await open();
  const { upload, parts } = await threeParts(bucket, "a/b");
  await bucket.complete(upload, parts);
  const copy = join(dir, "..", "copy");
  await cp(dir, copy, { recursive: true });
  expect((await folderArchives({ dir: copy }).head("a/b"))?.metadata).toEqual({ "run-id": "a/b" });
});

test("an object that was written anew says nothing of what it replaced", async () => {
  const { bucket } = await open();
  const { upload, parts } = await threeParts(bucket, "a");
  await bucket.complete(upload, parts);
  await bucket.put("a", bytes("one two four!"));
  expect((await bucket.head("a"))?.metadata).toEqual({});
});

test("what a killed process left half-written is neither an object nor an upload", async () => {
  const { bucket, dir } = await open();
  await mkdir(join(dir, ".uploads", "abc"), { recursive: true });
  await writeFile(join(dir, ".a.0011.part"), "hal");
  expect(await bucket.list("")).toEqual([]);
  expect(await bucket.uploads("")).toEqual([]);
});

test("an upload names a folder of its own whatever its id says", async () => {
  const { bucket, dir } = await open();
  await bucket.put("kept", bytes("x"));
  await expect(bucket.abort({ key: "a", id: ".." })).rejects.toMatchObject({ code: "bucket.io", retry: "never" });
  expect(existsSync(join(dir, "kept"))).toBe(true);
});

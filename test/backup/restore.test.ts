import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeManifest } from "#backup/manifest.ts";
import { manifestKey } from "#backup/plan/keys.ts";
import { nextCommand, type RestoreParts, restore } from "#backup/restore.ts";
import { folderArchives } from "#bucket/folder-archives.ts";
import { systemClock } from "#runtime/clock.ts";
import { backupInto, manifestOf, putOne } from "./series.ts";

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const openPlace = async () => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-restore-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const bucket = folderArchives({ dir: join(dir, "bucket") });
  const producer = { kind: "tableau", tsm: "tsm", dir: null, flags: [] } as const;
  const backup = backupInto(join(dir, "bucket"), { producer });
  const parts: RestoreParts = {
    ...{ clock: systemClock, retryForMs: 1_000, signal: new AbortController().signal },
    ...{ identity: null, stateOf: async () => null },
  };
  const ask = { backup, bucket, wanted: { kind: "latest" } as const, to: join(dir, "bi.tsbak"), force: false };
  return { dir, bucket, backup, parts, ask };
};

test("what belongs to an archive comes back beside it, and the report server's own command names it", async () => {
  const { dir, bucket, backup, parts, ask } = await openPlace();
  const key = await putOne(backup, "2026-11-21", { db: null, bucket });
  const settings = Buffer.from('{"settings": true}');
  const beside = { key: `${key}.beside.settings.json`, bytes: settings.byteLength, sha256: sha256Of(settings) };
  await bucket.put(beside.key, settings);
  const archive = Buffer.from("archive of 2026-11-21");
  const whole = { bytes: archive.byteLength, sha256: sha256Of(archive), beside: [beside] };
  await writeManifest(bucket, manifestOf(backup, key, { date: "2026-11-21", ...whole }));
  const restored = await restore(ask, parts);
  expect(await readFile(join(dir, "bi.tsbak.settings.json"), "utf8")).toBe('{"settings": true}');
  expect(nextCommand(backup, restored)).toEqual(
    expect.arrayContaining([
      `tsm maintenance restore --file ${join(dir, "bi.tsbak")}`,
      `tsm settings import -f ${join(dir, "bi.tsbak.settings.json")}`,
    ]),
  );
  expect((await readdir(dir)).sort()).toEqual(["bi.tsbak", "bi.tsbak.settings.json", "bucket"]);
});

test("a restore that is cut off goes on where it was, and only a whole one gets its name", async () => {
  const { dir, bucket, backup, parts, ask } = await openPlace();
  const bytes = Buffer.alloc(40 * 1024 * 1024, "figures of the morning ");
  await putOne(backup, "2026-11-21", { db: null, bucket, put: { bytes } });
  const cut = new AbortController();
  let ranges = 0;
  const passPoint = async (): Promise<void> => {
    ranges += 1;
    if (ranges === 1) cut.abort();
  };
  await expect(restore(ask, { ...parts, passPoint, signal: cut.signal })).rejects.toThrow();
  expect(await readdir(dir)).not.toContain("bi.tsbak");
  expect((await stat(join(dir, "bi.tsbak.partial"))).size).toBe(bytes.byteLength);
  const begun: number[] = [];
  await restore(ask, { ...parts, onProgress: (done) => begun.push(done) });
  // What had arrived is not fetched once more.
  expect(begun[0]).toBeGreaterThan(0);
  expect((await readFile(join(dir, "bi.tsbak"))).equals(bytes)).toBe(true);
  expect((await readdir(dir)).sort()).toEqual(["bi.tsbak", "bucket"]);
});

test("the newest that is proven is taken; what is suspect, unproven or without a manifest is passed by", async () => {
  const { bucket, backup, parts, ask } = await openPlace();
  const good = await putOne(backup, "2026-11-18", { db: null, bucket });
  await putOne(backup, "2026-11-19", { db: null, bucket, put: { state: "made" } });
  await putOne(backup, "2026-11-20", { db: null, bucket, put: { manifest: { suspect: "half of the others" } } });
  const bare = await putOne(backup, "2026-11-21", { db: null, bucket });
  await bucket.remove(manifestKey(bare));
  expect(await restore(ask, parts)).toMatchObject({ isProven: true, manifest: { key: good } });
});

test("other bytes than were made get no name, and nothing that is there is written over", async () => {
  const { dir, bucket, backup, parts, ask } = await openPlace();
  const key = await putOne(backup, "2026-11-21", { db: null, bucket });
  await bucket.put(key, Buffer.from("ARCHIVE of 2026-11-21"));
  await expect(restore(ask, parts)).rejects.toThrow("its SHA-256 is another one");
  expect(await readdir(dir)).not.toContain("bi.tsbak");
  await writeFile(ask.to, "mine");
  await expect(restore(ask, parts)).rejects.toThrow("is there already");
  expect(await readFile(ask.to, "utf8")).toBe("mine");
});

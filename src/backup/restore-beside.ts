/** The small files that belong to an archive, such as a report server's settings, beside what is restored. */
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { decryptFile } from "#backup/encrypt.ts";
import { persist } from "#backup/persist.ts";
import type { Beside, Manifest } from "#backup/plan/manifest.ts";
import type { RestoreParts } from "#backup/restore.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { Fault } from "#model/fault.ts";

/** What is brought, and beside which file. */
export interface BesideAsk {
  readonly bucket: ArchiveBucket;
  readonly manifest: Manifest;
  readonly path: string;
}

/** Brings each file to `{path}.{name}`, checked and decrypted; their paths. One that is there already is never written over. */
export const restoreBeside = async (ask: BesideAsk, parts: RestoreParts): Promise<readonly string[]> => {
  const paths: string[] = [];
  for (const beside of ask.manifest.beside) paths.push(await restoreOne(ask, beside, parts));
  return paths;
};

const restoreOne = async (
  { bucket, manifest, path }: BesideAsk,
  { key, sha256 }: Beside,
  parts: RestoreParts,
): Promise<string> => {
  const bytes = await persist(() => bucket.get(key), parts);
  if (bytes === null || createHash("sha256").update(bytes).digest("hex") !== sha256) {
    throw new Fault("backup.restore", `“${key}” ${bytes === null ? "is not in the bucket" : "is not what was made"}.`, {
      hint: "take another archive: daybreak backup list",
    });
  }
  const name = key.slice(`${manifest.key}.beside.`.length);
  if (manifest.encryption === null) return putNew(`${path}.${name}`, bytes);
  const secret = `${path}.${name}.stored`;
  const plain = `${path}.${name}.decrypted`;
  await rm(plain, { force: true });
  try {
    await writeFile(secret, bytes, { mode: 0o600 });
    await decryptFile({ from: secret, to: plain, signal: parts.signal }, parts.identity ?? "");
    return await putNew(`${path}.${name.replace(/\.age$/, "")}`, await readFile(plain));
  } finally {
    await rm(secret, { force: true });
    await rm(plain, { force: true });
  }
};

const putNew = async (path: string, bytes: Uint8Array): Promise<string> => {
  try {
    await writeFile(path, bytes, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const there = await readFile(path).catch(() => null);
    // An earlier try that was cut off has brought it.
    if (there?.equals(bytes) === true) return path;
    if (there === null) throw error;
    throw new Fault("backup.restore", `${path} is there already.`, {
      hint: "name another file by --to: nothing is ever written over",
    });
  }
  return path;
};

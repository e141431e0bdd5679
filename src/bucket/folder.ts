import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Bucket } from "#bucket/port.ts";
import { Fault, wordsOf } from "#model/fault.ts";

/**
 * A bucket in a folder, for our account alone. An object is written beside its place, brought to the disk and then renamed, so that
 * neither a crash nor a full disk leaves half of one.
 */
export const folderBucket = ({ dir, name = "folder" }: { readonly dir: string; readonly name?: string }): Bucket => {
  const root = resolve(dir);
  const placeOf = (key: string): string => join(root, ...partsOf(key));
  return {
    name,
    put: (key, bytes) => guarded(key, () => write(placeOf(key), bytes)),
    get: (key) => guarded(key, () => unlessMissing(readFile(placeOf(key)), null)),
    remove: (key) =>
      guarded(key, () =>
        unlessMissing(
          rm(placeOf(key)).then(() => true),
          false,
        ),
      ),
    list: (prefix) => guarded(prefix, () => listBelow(root, prefix)),
  };
};

/** Files that are being written; no key may look like one. */
const draftEnd = ".part";

/** Names that a path must not be made of: empty, the folder itself, the one above, separators of any system, control characters. */
const isSafe = (part: string): boolean =>
  part !== "" && part !== "." && part !== ".." && !part.endsWith(draftEnd) && !/[\\\p{Cc}]/u.test(part);

const partsOf = (key: string): readonly string[] => {
  const parts = key.split("/");
  if (parts.every(isSafe)) return parts;
  const hint = "keys are relative, with / between names; this is a mistake in the program";
  throw new Fault("bucket.io", `The key ${JSON.stringify(key)} is not allowed.`, { hint });
};

const write = async (place: string, bytes: Uint8Array): Promise<void> => {
  const folder = dirname(place);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${basename(place).slice(0, 100)}.${randomBytes(6).toString("hex")}${draftEnd}`);
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
};

/** The new name, too, must survive a loss of power. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const listBelow = async (root: string, prefix: string): Promise<readonly string[]> => {
  // Only the folder that the prefix reaches into is walked, not the whole bucket.
  const above = prefix.includes("/") ? prefix.slice(0, prefix.lastIndexOf("/")) : "";
  const start = above === "" ? root : join(root, ...partsOf(above));
  const entries = await unlessMissing(readdir(start, { recursive: true, withFileTypes: true }), []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(draftEnd))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter((key) => key.startsWith(prefix))
    .sort();
};

const unlessMissing = async <T, M>(work: Promise<T>, missing: M): Promise<T | M> => {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return missing;
    throw error;
  }
};

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: make room; it is tried again",
  EDQUOT: "the quota of this account is used up: make room; it is tried again",
  EACCES: "give the account that runs Daybreak the right to write below `home`",
  EPERM: "give the account that runs Daybreak the right to write below `home`",
  EROFS: "the disk is read-only: point `home` elsewhere",
  EMFILE: "raise the limit of open files (ulimit -n)",
};

const guarded = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const hint = hints[codeOf(error)] ?? "look at the disk and the folder that `home` names";
    throw new Fault("bucket.io", `“${key}” could not be written or read: ${wordsOf(error)}`, {
      hint,
      retry: "later",
      cause: error,
    });
  }
};

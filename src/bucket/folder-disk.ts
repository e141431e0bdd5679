import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Fault, wordsOf } from "#model/fault.ts";

/** Files that are being written; no key may look like one. */
export const draftEnd = ".part";

/** Names that a path must not be made of: empty, the folder itself, the one above, separators of any system, control characters. */
const isSafe = (part: string): boolean =>
  part !== "" && part !== "." && part !== ".." && !part.endsWith(draftEnd) && !/[\\\p{Cc}]/u.test(part);

/** A key's names, one for each folder and the last for the file. Throws `bucket.io` for a key that could leave the bucket. */
export const partsOf = (key: string): readonly string[] => {
  const parts = key.split("/");
  if (parts.every(isSafe)) return parts;
  const hint = "keys are relative, with / between names; this is a mistake in the program";
  throw new Fault("bucket.io", `The key ${JSON.stringify(key)} is not allowed.`, { hint });
};

/** Makes a folder for our account alone, with those above it. */
export const makeFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
};

/** Writes a file whole or not at all, and replaces one that is there. */
export const writeWhole = async (place: string, bytes: Uint8Array): Promise<void> => {
  const folder = dirname(place);
  const draft = join(folder, `.${basename(place).slice(0, 100)}.${randomBytes(6).toString("hex")}${draftEnd}`);
  try {
    // Hundreds of files share a folder, so it is made only where it is missed.
    if (!(await unlessMissing(writeDraft(draft, bytes), false))) {
      await makeFolder(folder);
      await writeDraft(draft, bytes);
    }
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
};

const writeDraft = (draft: string, bytes: Uint8Array): Promise<boolean> =>
  withFile(draft, { flags: "wx" }, async (file) => {
    await file.writeFile(bytes);
    await file.sync();
    return true;
  });

/** Opens a file for our account alone, hands it over and closes it. */
export const withFile = async <T>(
  path: string,
  { flags }: { readonly flags: string | number },
  work: (file: FileHandle) => Promise<T>,
): Promise<T> => {
  const file = await open(path, flags, 0o600);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
};

/** A new name, too, must survive a loss of power. Windows can't open a folder and keeps names by itself. */
export const syncFolder = async (folder: string): Promise<void> => {
  try {
    await withFile(folder, { flags: "r" }, (handle) => handle.sync());
  } catch (error) {
    if (!["EISDIR", "EPERM", "EINVAL"].includes(codeOf(error))) throw error;
  }
};

/** Keys of the files below a prefix, sorted. Only the folder that the prefix reaches into is walked, not the whole bucket. */
export const keysBelow = async (root: string, prefix: string): Promise<readonly string[]> => {
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

/** What `work` answers, or `missing` when the file isn't there. */
export const unlessMissing = async <T, M>(work: Promise<T>, missing: M): Promise<T | M> => {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return missing;
    throw error;
  }
};

/** The system's code of an error; empty where it has none. */
export const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

const hintsFor = (place: string): Readonly<Record<string, string>> => ({
  ENOSPC: "the disk is full: make room; it is tried again",
  EDQUOT: "the quota of this account is used up: make room; it is tried again",
  EACCES: `give the account that runs Daybreak the right to write below ${place}`,
  EPERM: `give the account that runs Daybreak the right to write below ${place}`,
  EROFS: `the disk is read-only: point ${place} elsewhere`,
  EMFILE: "raise the limit of open files (ulimit -n)",
});

/** Turns what the disk says into a fault. `place` names the folder as a hint calls it: a setting, or its path. */
export const guardDisk =
  (place: string) =>
  async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Fault) throw error;
      const hint = hintsFor(place)[codeOf(error)] ?? `look at the disk and the folder that ${place} names`;
      throw new Fault("bucket.io", `“${key}” could not be written or read: ${wordsOf(error)}`, {
        hint,
        retry: "later",
        cause: error,
      });
    }
  };

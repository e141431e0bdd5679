import type { BigIntStats } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { partsOf, unlessMissing, writeWhole } from "#bucket/folder-disk.ts";

/** Folder at the root of a bucket that holds what its objects say of themselves. */
export const metadataFolder = ".metadata";

/** What an object says of itself: names in lower case. */
export type Metadata = Readonly<Record<string, string>>;

/** Which file an entry speaks of: two that want one key at the same time each have their own entry, and the loser's speaks of nothing. */
export type FileMark = Pick<BigIntStats, "ino" | "size">;

const nameOf = ({ ino, size }: FileMark): string => `${size}-${ino}.json`;

const folderOf = (root: string, key: string): string => join(root, metadataFolder, ...partsOf(key));

/** Records an object's metadata, before the object appears. */
export const putMetadata = (
  root: string,
  { key, mark, metadata }: { readonly key: string; readonly mark: FileMark; readonly metadata: Metadata },
): Promise<void> =>
  writeWhole(join(folderOf(root, key), nameOf(mark)), new TextEncoder().encode(JSON.stringify(metadata)));

/** The metadata of the file that lies under a key; empty where none were recorded or they can't be read. */
export const metadataOf = async (root: string, key: string, mark: FileMark): Promise<Metadata> => {
  const folder = folderOf(root, key);
  const own = await unlessMissing(readFile(join(folder, nameOf(mark)), "utf8"), null);
  if (own !== null) return read(own);
  // A bucket that was copied to another disk has other inodes: then the size must do.
  const names = await unlessMissing(readdir(folder), []);
  const alike = names.filter((name) => name.startsWith(`${mark.size}-`) && name.endsWith(".json"));
  const [only] = alike;
  if (only === undefined || alike.length > 1) return {};
  return read(await readFile(join(folder, only), "utf8"));
};

/** Forgets what is known of a key, or of one file that didn't get it. */
export const removeMetadata = async (root: string, key: string, mark?: FileMark): Promise<void> => {
  const folder = folderOf(root, key);
  await rm(mark === undefined ? folder : join(folder, nameOf(mark)), { recursive: true, force: true });
};

const read = (text: string): Metadata => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(value).map(([name, words]) => [name, String(words)]));
  } catch {
    return {};
  }
};

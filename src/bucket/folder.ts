import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { guardDisk, keysBelow, partsOf, unlessMissing, writeWhole } from "#bucket/folder-disk.ts";
import type { Bucket } from "#bucket/port.ts";

/**
 * A bucket in a folder, for our account alone. An object is written beside its place, brought to the disk and then renamed, so that
 * neither a crash nor a full disk leaves half of one.
 */
export const folderBucket = ({ dir, name = "folder" }: { readonly dir: string; readonly name?: string }): Bucket => {
  const root = resolve(dir);
  const guarded = guardDisk("`home`");
  const placeOf = (key: string): string => join(root, ...partsOf(key));
  return {
    name,
    put: (key, bytes) => guarded(key, () => writeWhole(placeOf(key), bytes)),
    get: (key) => guarded(key, () => unlessMissing(readFile(placeOf(key)), null)),
    remove: (key) =>
      guarded(key, () =>
        unlessMissing(
          rm(placeOf(key)).then(() => true),
          false,
        ),
      ),
    list: (prefix) => guarded(prefix, () => keysBelow(root, prefix)),
  };
};

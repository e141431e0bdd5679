import { createReadStream } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeOf, guardDisk, keysBelow, partsOf, unlessMissing, writeWhole } from "#bucket/folder-disk.ts";
import { metadataFolder, metadataOf, removeMetadata } from "#bucket/folder-metadata.ts";
import {
  abortUpload,
  beginUpload,
  completeUpload,
  openUploads,
  partsOfUpload,
  putUploadPart,
  uploadsFolder,
} from "#bucket/folder-uploads.ts";
import type { ArchiveBucket, BucketTraits, ListedObject, ObjectHead, Removal } from "#bucket/port.ts";
import { Fault, wordsOf } from "#model/fault.ts";
import { instantOf } from "#model/time.ts";

/**
 * A bucket for archives in a folder, for our account alone. Objects lie under their keys, as anybody may look at them; parts on their way
 * and metadata lie in two folders of their own at its root, which no key can name.
 */
export const folderArchives = ({ dir, name = "folder" }: { readonly dir: string; readonly name?: string }) =>
  ({
    name,
    ...objectsIn(resolve(dir)),
    ...uploadsIn(resolve(dir)),
    ...listingOf(resolve(dir)),
    traits: () => Promise.resolve(traits),
    close: () => Promise.resolve(),
  }) satisfies ArchiveBucket as ArchiveBucket;

/** A folder has the clock of this machine, so there is nothing to compare it with. */
const traits: BucketTraits = { now: null, versioned: false, objectLock: false, endsUploadsAfterDays: null };

const guardIn = (root: string) => guardDisk(`“${root}”`);

/** Our own two folders. */
const isOwn = (key: string): boolean =>
  [uploadsFolder, metadataFolder].some((folder) => key === folder || key.startsWith(`${folder}/`));

const placeIn =
  (root: string) =>
  (key: string): string => {
    const parts = partsOf(key);
    if (!isOwn(key)) return join(root, ...parts);
    const hint = "these two folders are the bucket's own; this is a mistake in the program";
    throw new Fault("bucket.io", `The key ${JSON.stringify(key)} is not allowed.`, { hint });
  };

const objectsIn = (root: string): Pick<ArchiveBucket, "put" | "get" | "remove" | "head" | "read" | "removeMany"> => {
  const guarded = guardIn(root);
  const placeOf = placeIn(root);
  const remove = (key: string): Promise<boolean> => guarded(key, () => removeObject(root, key, placeOf(key)));
  return {
    put: (key, bytes) =>
      guarded(key, async () => {
        await writeWhole(placeOf(key), bytes);
        await removeMetadata(root, key);
      }),
    get: (key) => guarded(key, () => unlessMissing(readFile(placeOf(key)), null)),
    remove,
    head: (key) => guarded(key, () => headOf(root, key, placeOf(key))),
    read: (key, options = {}) => readObject({ root, key, place: placeOf(key) }, options),
    removeMany: async (keys) => {
      const removals: Removal[] = [];
      for (const key of keys) removals.push(await removalOf(key, remove));
      return removals;
    },
  };
};

const removeObject = async (root: string, key: string, place: string): Promise<boolean> => {
  const was = await unlessMissing(
    rm(place).then(() => true),
    false,
  );
  await removeMetadata(root, key);
  return was;
};

const removalOf = async (key: string, remove: (key: string) => Promise<boolean>): Promise<Removal> => {
  try {
    await remove(key);
    return { key, outcome: "removed", words: "" };
  } catch (error) {
    return { key, outcome: "failed", words: wordsOf(error) };
  }
};

const headOf = async (root: string, key: string, place: string): Promise<ObjectHead | null> => {
  const state = await unlessMissing(stat(place, { bigint: true }), null);
  if (!state?.isFile()) return null;
  const metadata = await metadataOf(root, key, state);
  const modifiedAt = instantOf(Number(state.mtimeMs));
  return { key, bytes: Number(state.size), modifiedAt, metadata, lockedUntil: null };
};

/** Large pieces: an archive is read as fast as the disk gives it, and memory holds two of them. */
const pieceBytes = 1024 * 1024;

async function* readObject(
  { root, key, place }: { readonly root: string; readonly key: string; readonly place: string },
  { range, signal }: NonNullable<Parameters<ArchiveBucket["read"]>[1]>,
): AsyncIterable<Uint8Array> {
  if (range !== undefined && range.to <= range.from) return;
  const span = range === undefined ? {} : { start: range.from, end: range.to - 1 };
  const stream = createReadStream(place, { ...span, highWaterMark: pieceBytes, ...(signal && { signal }) });
  try {
    for await (const piece of stream) yield piece as Uint8Array;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") throw missing(key);
    await guardIn(root)(key, () => Promise.reject(error));
  }
}

const missing = (key: string): Fault =>
  new Fault("bucket.missing", `“${key}” is not in its folder any more.`, {
    hint: "daybreak backup list says what the catalogue knows; look who else writes to the folder",
  });

const uploadsIn = (
  root: string,
): Pick<ArchiveBucket, "begin" | "putPart" | "parts" | "complete" | "abort" | "uploads"> => {
  const guarded = guardIn(root);
  const placeOf = placeIn(root);
  return {
    begin: (key, metadata) =>
      guarded(key, async () => {
        placeOf(key);
        return await beginUpload(root, { key, metadata });
      }),
    putPart: (upload, n, { bytes, signal }) =>
      guarded(upload.key, async () => {
        signal?.throwIfAborted();
        return await putUploadPart(root, upload, { n, bytes });
      }),
    parts: (upload) => guarded(upload.key, () => partsOfUpload(root, upload)),
    complete: (upload, parts) => guarded(upload.key, () => completeUpload(root, upload, parts)),
    abort: (upload) => guarded(upload.key, () => abortUpload(root, upload)),
    uploads: (prefix) => guarded(prefix, () => openUploads(root, prefix)),
  };
};

const listingOf = (root: string): Pick<ArchiveBucket, "list" | "pages"> => {
  const list = (prefix: string): Promise<readonly string[]> =>
    guardIn(root)(prefix, async () => (await keysBelow(root, prefix)).filter((key) => !isOwn(key)));
  return {
    list,
    pages: async function* (prefix, signal) {
      const keys = await list(prefix);
      for (let from = 0; from < keys.length; from += pageSize) {
        signal?.throwIfAborted();
        yield await guardIn(root)(prefix, () => listed(root, keys.slice(from, from + pageSize)));
      }
    },
  };
};

const pageSize = 1_000;

const listed = async (root: string, keys: readonly string[]): Promise<readonly ListedObject[]> => {
  const states = await Promise.all(keys.map((key) => unlessMissing(stat(join(root, ...partsOf(key))), null)));
  return keys.flatMap((key, at) => {
    const state = states[at];
    // What went away meanwhile is no longer in the bucket.
    return state ? [{ key, bytes: state.size, modifiedAt: instantOf(Math.floor(state.mtimeMs)) }] : [];
  });
};

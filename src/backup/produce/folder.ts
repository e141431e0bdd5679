import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import type { Produced } from "#backup/port.ts";
import { failed } from "#backup/produce/failed.ts";
import { finish } from "#backup/produce/finished.ts";
import type { Making } from "#backup/produce/making.ts";
import { type Found, walk } from "#backup/produce/walk.ts";
import { wordsOf } from "#model/fault.ts";

/** What a reader of the record should know of files that were not as they should be. */
interface Remarks {
  readonly changed: string[];
  readonly leftOut: string[];
}

interface Filling {
  readonly tar: Pack;
  readonly remarks: Remarks;
  /** Ends the waiting for a reader that is gone. */
  readonly signal: AbortSignal;
}

type Header = Parameters<Pack["entry"]>[0];

const CHUNK = 256 * 1024;

const headerOf = ({ path, stats }: Found) => ({
  name: path,
  mode: stats.mode & 0o7777,
  uid: stats.uid,
  gid: stats.gid,
  mtime: stats.mtime,
});

/** Begins an entry, and says when it is written, or that its reader is gone. */
const begin = ({ tar, signal }: Filling, header: Header) => {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gone = (): void => reject(signal.reason);
  signal.addEventListener("abort", gone, { once: true });
  const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()));
  // The promise tells it; as an event that nobody listens to it would end the whole process.
  entry.on("error", () => undefined);
  const written = promise.finally(() => signal.removeEventListener("abort", gone));
  written.catch(() => undefined);
  return { entry, written };
};

const plainEntry = async (filling: Filling, header: Header): Promise<void> => await begin(filling, header).written;

const fileEntry = async (filling: Filling, header: Header, chunks: AsyncIterable<Buffer>): Promise<void> => {
  const { entry, written } = begin(filling, header);
  for await (const chunk of chunks) if (!entry.write(chunk)) await once(entry, "drain", { signal: filling.signal });
  entry.end(null);
  await written;
};

/** Exactly `size` bytes, as the header before them promised: what a file has grown by is left off, what it lost is filled with zeros. */
async function* exactly(file: FileHandle, size: number, onShort: () => void): AsyncGenerator<Buffer> {
  let at = 0;
  while (at < size) {
    const buffer = Buffer.alloc(Math.min(CHUNK, size - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead < buffer.length && bytesRead === 0) onShort();
    const isOver = bytesRead === 0;
    at += isOver ? buffer.length : bytesRead;
    yield isOver ? buffer : buffer.subarray(0, bytesRead);
  }
}

const addFile = async (filling: Filling, found: Found): Promise<void> => {
  await using file = await open(found.file, "r");
  const stats = await file.stat();
  const { remarks } = filling;
  const note = (): void => {
    if (!remarks.changed.includes(found.path)) remarks.changed.push(found.path);
  };
  await fileEntry(filling, { ...headerOf({ ...found, stats }), size: stats.size }, exactly(file, stats.size, note));
  const after = await file.stat();
  if (after.size !== stats.size || after.mtimeMs !== stats.mtimeMs) note();
};

const addAny = async (filling: Filling, found: Found): Promise<void> => {
  const { stats, file } = found;
  const header = headerOf(found);
  if (stats.isDirectory()) await plainEntry(filling, { ...header, name: `${header.name}/`, type: "directory" });
  else if (stats.isSymbolicLink())
    await plainEntry(filling, { ...header, type: "symlink", linkname: await readlink(file) });
  else if (stats.isFile()) await addFile(filling, found);
  else filling.remarks.leftOut.push(`${found.path} (no file)`);
};

const isGone = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/** A file that can't be read is no small matter: it would be missed on the day when it is needed. */
const unreadable = (path: string, cause: unknown) =>
  failed(`${path} can't be read: ${wordsOf(cause)}.`, {
    hint: "let the user that runs Daybreak read it, or leave it out by `exclude`",
    cause,
  });

const isOfSource = (error: unknown): boolean =>
  error instanceof Error && "syscall" in error && ["open", "read", "readlink", "lstat"].includes(String(error.syscall));

const add = async (filling: Filling, found: Found): Promise<void> => {
  try {
    await addAny(filling, found);
  } catch (error) {
    filling.signal.throwIfAborted();
    // It was removed since its folder was listed, as temporary files are.
    if (isGone(error) && !found.path.includes("\uFFFD")) filling.remarks.leftOut.push(`${found.path} (gone)`);
    else throw isOfSource(error) ? unreadable(found.file, error) : error;
  }
};

const fill = async (filling: Filling, entries: AsyncIterable<Found>): Promise<void> => {
  let files = 0;
  for await (const found of entries) {
    await add(filling, found);
    if (!found.stats.isDirectory()) files += 1;
  }
  // As a disk looks that isn't mounted: an archive of it would be counted, and would push the good ones out.
  if (files === 0)
    throw failed("The folder holds no file.", { hint: "see whether its disk is there, and what `exclude` says" });
  filling.tar.finalize();
};

const LISTED = 20;

const listed = (what: string, paths: readonly string[]): readonly string[] => {
  if (paths.length === 0) return [];
  const more = paths.length > LISTED ? ` and ${paths.length - LISTED} more` : "";
  return [`${what}: ${paths.slice(0, LISTED).join(", ")}${more}`];
};

const inWords = ({ changed, leftOut }: Remarks): string =>
  [...listed("changed while they were read", changed), ...listed("left out", leftOut)].join("\n");

/** Both ends of the tar end together: who fills it must not wait for a reader that is gone, nor the reader for more. */
const packInto = async (path: string, { making, dir }: { readonly making: Making<"folder">; readonly dir: string }) => {
  const tar = pack();
  const remarks: Remarks = { changed: [], leftOut: [] };
  const broken = new AbortController();
  const signal = AbortSignal.any([making.signal, broken.signal]);
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const file = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
  const stored = pipeline(Readable.from(tar), zstd, file, { signal });
  const entries = walk(dir, { exclude: making.producer.exclude, but: await realpath(making.scratch) });
  const filled = fill({ tar, remarks, signal }, entries);
  const results = await Promise.allSettled(
    [stored, filled].map(async (end) => {
      try {
        await end;
      } catch (error) {
        broken.abort(error);
        throw error;
      }
    }),
  );
  making.signal.throwIfAborted();
  if (broken.signal.aborted) throw broken.signal.reason;
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return remarks;
};

/** A folder as tar, compressed by zstd: links stay links, and nothing outside it is followed into. */
export const packFolder = async (making: Making<"folder">): Promise<Produced> => {
  const { producer, scratch, stem, extension } = making;
  const dir = await realpath(producer.dir).catch((cause: unknown) => {
    throw failed(`${producer.dir} can't be read: ${wordsOf(cause)}.`, { hint: "correct `folder`", cause });
  });
  const path = join(scratch, `${stem}.${extension}`);
  const remarks = await packInto(path, { making, dir });
  await finish({ path, extension, by: "The folder" });
  return { path, extension, inScratch: true, beside: [], words: inWords(remarks), version: null };
};

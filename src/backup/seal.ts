import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { type Cut, cutArchive, type Part, type PartBounds } from "#backup/plan/parts.ts";
import { Fault } from "#model/fault.ts";

/** What tells a file from another one, without reading it. */
export interface FileMark {
  readonly path: string;
  readonly ino: number;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** A file with the hash of all its bytes. */
export interface SealedFile extends FileMark {
  /** Hex SHA-256 of the whole file. */
  readonly sha256: string;
}

/** A sealed file, how it is cut, and the hash of each of its parts. */
export interface Seal {
  readonly file: SealedFile;
  readonly cut: Cut;
  readonly hashes: readonly string[];
}

/** Bytes that are read at once; smaller than a part, since only hashes are wanted. */
const STRIDE = 4 * 1024 * 1024;

/** Looks at a file without reading it. Throws `backup.upload` where there is none. */
export const markOf = async (path: string): Promise<FileMark> => {
  const file = await openSource(path);
  try {
    const { ino, size, mtimeMs } = await file.stat();
    return { path, ino, bytes: size, mtimeMs: Math.floor(mtimeMs) };
  } finally {
    await file.close();
  }
};

/** Opens an archive to read it. Throws `backup.upload`, for good, where there is none. */
export const openSource = async (path: string): Promise<SourceFile> => {
  try {
    return await open(path, "r");
  } catch (error) {
    const hint = "the archive is made anew at its next time, or at once by `daybreak backup run`";
    throw new Fault("backup.upload", `The archive ${path} can't be read.`, { hint, cause: error });
  }
};

/** True when both are the same file, unchanged as far as the file system tells. */
export const isSameFile = (a: FileMark, b: FileMark): boolean =>
  a.path === b.path && a.ino === b.ino && a.bytes === b.bytes && a.mtimeMs === b.mtimeMs;

/** Reads a file once, from the first to the last byte, and hashes all of it and each of its parts. Throws `backup.upload` for an empty one. */
export const sealFile = async (
  path: string,
  { signal, bounds }: { readonly signal: AbortSignal; readonly bounds?: PartBounds },
): Promise<Seal> => {
  const mark = await markOf(path);
  if (mark.bytes === 0) throw emptyFault();
  const cut = cutArchive(mark.bytes, bounds);
  const whole = createHash("sha256");
  const hashes: string[] = [];
  const buffer = Buffer.allocUnsafe(Math.min(STRIDE, mark.bytes));
  const file = await openSource(path);
  try {
    for (const part of cut.parts) {
      const own = createHash("sha256");
      for await (const piece of piecesOf(file, part, { buffer, signal })) {
        whole.update(piece);
        own.update(piece);
      }
      hashes.push(own.digest("hex"));
    }
  } finally {
    await file.close();
  }
  return { file: { ...mark, sha256: whole.digest("hex") }, cut, hashes };
};

/** The bytes of a part, each time in the same buffer. */
async function* piecesOf(
  file: SourceFile,
  part: Part,
  { buffer, signal }: { readonly buffer: Buffer; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  for (let at = part.from; at < part.to; ) {
    signal.throwIfAborted();
    const piece = buffer.subarray(0, Math.min(buffer.byteLength, part.to - at));
    at += await readExactly(file, piece, at);
    yield piece;
  }
}

const emptyFault = (): Fault =>
  new Fault("backup.upload", "The archive is empty.", { hint: "look at what made it; nothing was uploaded" });

/** A file that is open to be read. */
export type SourceFile = Awaited<ReturnType<typeof open>>;

/** Fills the buffer from a place in the file; a file that ends before that has changed under our hands. */
export const readExactly = async (file: SourceFile, buffer: Uint8Array, from: number): Promise<number> => {
  let filled = 0;
  while (filled < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, filled, buffer.byteLength - filled, from + filled);
    if (bytesRead === 0) throw changedFault();
    filled += bytesRead;
  }
  return filled;
};

/** The archive is no longer what was sealed. */
export const changedFault = (): Fault =>
  new Fault("backup.upload", "The archive changed while it was uploaded.", {
    hint: "let nothing else write to that file; it is made anew at its next time, or at once by `daybreak backup run`",
  });

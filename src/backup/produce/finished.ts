import { type FileHandle, open } from "node:fs/promises";
import { failed } from "#backup/produce/failed.ts";
import { FIRST_BYTES, isWhole, LAST_BYTES, recognise } from "#backup/produce/signature.ts";
import { isFault, wordsOf } from "#model/fault.ts";

/** A file that a producer says is an archive. */
export interface Claim {
  readonly path: string;
  readonly extension: string;
  /** What it is called in messages: `pg_dump`. */
  readonly by: string;
  readonly begins?: string | null;
  /** The producer's last words, for the message. */
  readonly words?: string;
}

const bytesAt = async (file: FileHandle, from: number, length: number): Promise<Uint8Array> => {
  const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(length), position: from, length });
  return buffer.subarray(0, bytesRead);
};

const looks = async (file: FileHandle, { path, extension, by, begins = null, words = "" }: Claim): Promise<void> => {
  const { size: bytes } = await file.stat();
  if (bytes === 0) throw failed(`${by} ended well, but wrote nothing.`, { words });
  const first = await bytesAt(file, 0, Math.max(FIRST_BYTES, Buffer.byteLength(begins ?? "")));
  if (recognise(extension, first, begins) === false)
    throw failed(`${by} ended well, but ${path} doesn't begin as ${begins ?? `a .${extension} file`} does.`, { words });
  const length = Math.min(bytes, LAST_BYTES);
  if (!isWhole(extension, { first, last: await bytesAt(file, bytes - length, length), bytes }))
    throw failed(`${by} ended well, but ${path} is cut off.`, { words });
};

/** Windows lets nobody flush a file that is only open for reading; there its writer has to. */
const reachDisk = async (file: FileHandle): Promise<void> => {
  try {
    await file.sync();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
  }
};

/**
 * Looks at a finished file, and waits until the disk has it: not empty, first bytes as its extension promises, and whole as far as its
 * kind tells. Throws `backup.produce` otherwise.
 */
export const finish = async (claim: Claim): Promise<void> => {
  try {
    await using file = await open(claim.path, "r");
    await looks(file, claim);
    await reachDisk(file);
  } catch (cause) {
    if (isFault(cause)) throw cause;
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    if (code === "ENOENT")
      throw failed(`${claim.by} ended well, but there is no ${claim.path}.`, { words: claim.words ?? "", cause });
    const hint = "let the user that runs Daybreak read it; on Linux it often has to join a group";
    throw failed(`${claim.path} can't be read: ${wordsOf(cause)}.`, { hint, cause });
  }
};

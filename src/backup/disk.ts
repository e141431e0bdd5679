import { rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { judgeRoom, type RoomFacts, type RoomVerdict } from "#backup/plan/room.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/** Bytes that an ordinary user may still write on the disk of a folder; of its nearest folder above where it isn't there yet. */
export const freeBytes = async (dir: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(dir, { bigint: true });
    return Number(bavail * bsize);
  } catch (cause) {
    if (isMissing(cause) && dirname(dir) !== dir) return await freeBytes(dirname(dir));
    const hint = "see whether its disk is there, and may be read";
    throw new Fault("backup.produce", `The free space of ${dir} isn't known: ${wordsOf(cause)}.`, {
      hint,
      retry: "later",
      cause,
    });
  }
};

/** Whether there is room where an archive is made. Throws `backup.produce` when it can't be known, or is too little. */
export const lookAtRoom = async (facts: Omit<RoomFacts, "freeBytes">): Promise<RoomVerdict> => {
  const verdict = judgeRoom({ ...facts, freeBytes: await freeBytes(facts.dir) });
  if (verdict.verdict !== "short") return verdict;
  throw new Fault("backup.produce", `There is too little room: ${verdict.reason}.`, {
    hint: "free some space, or name a folder on a larger disk by `scratch`",
    retry: "later",
  });
};

/** A file with its size, as a record has it. */
export interface RecordedFile {
  readonly path: string;
  readonly bytes: number;
  readonly ino: number;
}

/** Removes a file that a record names, if it still is that file; true when its space came free. */
export const removeRecorded = async ({ path, bytes, ino }: RecordedFile): Promise<boolean> => {
  try {
    const found = await stat(path);
    // Another archive may have got the name since: then it is somebody else's.
    if (found.size !== bytes || found.ino !== ino) return false;
    await rm(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    if (isFault(error)) throw error;
    const hint = "let the user that runs Daybreak remove it, or set keepLocal higher";
    throw new Fault("backup.produce", `${path} can't be removed: ${wordsOf(error)}.`, { hint, cause: error });
  }
};

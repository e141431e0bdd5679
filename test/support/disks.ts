import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A disk of its own that is full soon; at the end it is taken away. */
export interface SmallDisk extends Disposable {
  readonly dir: string;
  /** Leaves so few bytes that a file is begun and can't be ended. */
  fill(): Promise<void>;
  /** There is room again. */
  free(): Promise<void>;
}

/** Why a test is skipped that gets none. */
export const noSmallDisk = "only root can make a small disk";

/** Makes a disk of so many kilobytes in a new folder; `null` where we may not, which is said. */
export const smallDisk = (dir: string, kilobytes: number): SmallDisk | null => {
  mkdirSync(dir);
  try {
    const options = `size=${kilobytes}k,mode=711`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", dir], { stdio: "ignore" });
  } catch {
    console.warn(`SKIPPED a test of a full disk: ${noSmallDisk}`);
    return null;
  }
  const filler = join(dir, "filler");
  return {
    dir,
    fill: async () => {
      const { bavail, bsize } = await statfs(dir);
      // Somebody else may write at the same time: then it is full sooner.
      await writeFile(filler, Buffer.alloc(bavail * bsize - 3 * bsize)).catch((error: unknown) => {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      });
    },
    free: () => rm(filler, { force: true }),
    [Symbol.dispose]: () => void execFileSync("umount", ["-l", dir]),
  };
};

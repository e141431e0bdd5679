import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join, posix } from "node:path";

/** Something below a folder. */
export interface Found {
  /** From the folder, with `/` between parts. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  readonly stats: Stats;
}

interface Limits {
  /** `*.log` anywhere, `cache` or `cache/` with all below it, `logs/**` what lies in it. */
  readonly exclude: readonly string[];
  /** A folder that is passed by wherever it lies: the one in which the archive is made. */
  readonly but: string;
}

const isExcluded = (path: string, patterns: readonly string[]): boolean =>
  patterns.some((written) => {
    const pattern = written.replace(/^\.\//, "").replace(/\/$/, "");
    const isOfName = !pattern.includes("/");
    return posix.matchesGlob(path, pattern) || (isOfName && posix.matchesGlob(posix.basename(path), pattern));
  });

const isGone = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/** Everything below a folder, each folder before what it holds, by name. What can't be looked at is thrown. */
export async function* walk(root: string, limits: Limits, below = ""): AsyncGenerator<Found> {
  const names = await readdir(join(root, below));
  for (const name of names.sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    const file = join(root, path);
    if (file === limits.but || isExcluded(path, limits.exclude)) continue;
    const stats = await statsOf(file, name);
    if (stats === null) continue;
    yield { path, file, stats };
    if (stats.isDirectory()) yield* walk(root, limits, path);
  }
}

/** `null` for what went away since it was listed; a name that isn't UTF-8 only looks as if it had. */
const statsOf = async (file: string, name: string): Promise<Stats | null> => {
  try {
    return await lstat(file);
  } catch (error) {
    if (isGone(error) && !name.includes("\uFFFD")) return null;
    throw error;
  }
};

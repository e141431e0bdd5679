import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive, killGroup } from "#render/processes.ts";

/** A browser's own folder (cookies, cache, storage), which lives as long as the browser. */
export interface Profile {
  readonly folder: string;
  /** Names the process group that works in the folder and is to end with it. */
  readonly follow: (pid: number) => void;
  readonly end: () => void;
}

/** Makes a folder for one browser under `<cacheDir>/profiles`; it also goes when this process exits. */
export const makeProfile = async (cacheDir: string): Promise<Profile> => {
  const parent = join(cacheDir, "profiles");
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await sweepProfiles(parent);
  const folder = await mkdtemp(join(parent, `${ownMark(process.pid)}`));
  let followed = 0;
  const end = (): void => {
    process.off("exit", end);
    killGroup(followed);
    removeFolder(folder);
  };
  process.once("exit", end);
  return {
    folder,
    follow: (pid) => {
      followed = pid;
    },
    end,
  };
};

/** A killed process may still be writing for a moment, so the folder is tried a few times; what is left is swept at the next start. */
const removeFolder = (folder: string): void => {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  } catch {}
};

/** How the name of a process's own folder begins. The machine's is part of it, since containers with equal process numbers may share the place. */
export const ownMark = (pid: number): string => `${hostname()}+${pid}+`;

/** Whether the process that marked a folder as its own ran on this machine and is no more. */
export const isLeftBehind = (mark: string): boolean => {
  const [host, pid] = mark.split("+");
  return host === hostname() && !isAlive(Number(pid));
};

/** Removes folders that killed processes of this machine have left behind. */
const sweepProfiles = async (parent: string): Promise<void> => {
  for (const name of await readdir(parent)) {
    if (isLeftBehind(name)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
  }
};

/** What servers of killed runs have left behind: daemons and their data. */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** File in a run's folder in which the keeper of its server says how to reach it. */
export const answerFile = "s3.json";

/** Ends the server that a run may have started, and waits until it is gone. */
export const stopSharedServer = async (dir: string): Promise<void> => {
  const keeper = keeperIn(join(dir, answerFile));
  if (keeper === null || !isIn(keeper, "s3/serve.ts")) return;
  process.kill(keeper, "SIGTERM");
  for (let tries = 0; isAlive(keeper) && tries < 100; tries += 1) await pause(50);
};

const keeperIn = (file: string): number | null => {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly keeper?: number }).keeper ?? null;
  } catch {
    return null;
  }
};

/** File in a server's folder: the process that keeps it, then its daemons, a line each. */
export const pidsFile = "pids";

const pidsIn = (dir: string): readonly number[] => {
  try {
    return readFileSync(join(dir, pidsFile), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

/** True while there is such a process. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** True when a process names a folder on its command line. A number may have become somebody else's since it was noted. */
const isIn = (pid: number, dir: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dir);
  } catch {
    return false;
  }
};

/** Ends a process of a server in a folder, if it is one and still there. */
export const endDaemon = (pid: number, dir: string): void => {
  if (!isIn(pid, dir)) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself just now.
  }
};

const folders = (runs: string): readonly string[] => {
  try {
    return readdirSync(runs).map((name) => join(runs, name));
  } catch {
    return [];
  }
};

/** A keeper writes its number right after it has made its folder. */
const isYoung = (dir: string): boolean =>
  Date.now() - (statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 60_000;

/** Ends daemons whose keeper is gone and removes what they wrote. */
export const removeLeftOver = (runs: string): void => {
  for (const dir of folders(runs)) {
    const [keeper, ...daemons] = pidsIn(dir);
    const isKept = keeper === undefined ? isYoung(dir) : isAlive(keeper) && isIn(keeper, "s3/serve.ts");
    if (isKept) continue;
    for (const pid of daemons) endDaemon(pid, dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
};

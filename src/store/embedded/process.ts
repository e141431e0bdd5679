import { readFile } from "node:fs/promises";

/** True when a process with this id lives, whoever owns it. */
export const isAlive = async (pid: number): Promise<boolean> => exists(pid) && !(await isZombie(pid));

const exists = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Ended, with nobody to take notice: so it stays where process 1 collects nothing, as in many containers. */
const isZombie = async (pid: number): Promise<boolean> =>
  /^State:\s*Z/m.test(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""));

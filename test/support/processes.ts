/** What runs on this machine, as anybody on it can see. */
import { readdirSync, readFileSync } from "node:fs";

/** A process with its whole command line. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly words: string;
}

/** All processes but those that have ended and only wait to be collected. */
export const processes = (): readonly SeenProcess[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return state === "Z" ? [] : [{ pid: Number(name), parent: Number(parent), words }];
      } catch {
        // It ended while it was looked at.
        return [];
      }
    });

/** All that came of a process and still has it as an ancestor. */
export const descendants = (root: number): readonly SeenProcess[] => {
  const all = processes();
  const below = (pid: number): readonly SeenProcess[] =>
    all.filter((one) => one.parent === pid).flatMap((one) => [one, ...below(one.pid)]);
  return below(root);
};

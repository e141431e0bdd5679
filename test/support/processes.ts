/** What runs on this machine, as anybody on it can see. */
import { readdirSync, readFileSync } from "node:fs";

/** A process with its whole command line. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly words: string;
}

const seen = (): readonly (SeenProcess & { readonly hasEnded: boolean })[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(name), parent: Number(parent), words, hasEnded: state === "Z" }];
      } catch {
        // It ended while it was looked at.
        return [];
      }
    });

/** All processes but those that have ended and only wait to be collected. */
export const processes = (): readonly SeenProcess[] => seen().filter(({ hasEnded }) => !hasEnded);

/** Children of a process that have ended and that it has not collected. */
export const uncollected = (parent: number): readonly SeenProcess[] =>
  seen().filter((one) => one.hasEnded && one.parent === parent);

/** All that came of a process and still has it as an ancestor. */
export const descendants = (root: number): readonly SeenProcess[] => {
  const all = processes();
  const below = (pid: number): readonly SeenProcess[] =>
    all.filter((one) => one.parent === pid).flatMap((one) => [one, ...below(one.pid)]);
  return below(root);
};

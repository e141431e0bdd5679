/** What processes use of the machine, as Linux counts it. */
import { readdir, readFile } from "node:fs/promises";

const statusOf = async (pid: number): Promise<ReadonlyMap<string, string>> => {
  const lines = (await readFile(`/proc/${pid}/status`, "utf8")).split("\n");
  return new Map(lines.map((line) => [line.split(":")[0] ?? "", line.split(":")[1]?.trim() ?? ""]));
};

const megabytes = (text: string | undefined): number => Number.parseInt(text ?? "0", 10) / 1_024;

/** The most memory that a process has had at once, in megabytes. */
export const peakOf = async (pid: number): Promise<number> => megabytes((await statusOf(pid)).get("VmHWM"));

/** A process and what it started, at any depth. */
const treeOf = async (pid: number): Promise<readonly number[]> => {
  const all = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  for (const one of all) {
    const status = await statusOf(one).catch(() => new Map<string, string>());
    parents.set(one, Number(status.get("PPid") ?? 0));
  }
  const belongs = (one: number | undefined): boolean =>
    one !== undefined && one > 1 && (one === pid || belongs(parents.get(one)));
  return all.filter(belongs);
};

/** What a process and all that it started hold in memory now, in megabytes; what they share counts once. */
export const memoryOf = async (pid: number): Promise<number> => {
  const rollups = (await treeOf(pid)).map((one) => readFile(`/proc/${one}/smaps_rollup`, "utf8").catch(() => ""));
  return (await Promise.all(rollups)).reduce((sum, text) => sum + megabytes(/^Pss:\s+(\d+)/m.exec(text)?.[1]), 0);
};

/** Looks at the memory of a process and all that it started, each second. */
export interface MemoryWatch extends AsyncDisposable {
  /** The most that they held at once, in megabytes; what they share counts once. */
  peak(): number;
  /** The most that the process itself held at once. */
  ownPeak(): Promise<number>;
}

/** Watches from now on. */
export const watchMemory = (pid: number): MemoryWatch => {
  let peak = 0;
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    peak = Math.max(peak, await memoryOf(pid));
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, 1_000);
  return {
    peak: () => peak,
    ownPeak: () => peakOf(pid),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await looking;
    },
  };
};

/** Begins to look at all cores; ask what came back for the share of them that was busy since. */
export const busyShare = async (): Promise<() => Promise<number>> => {
  const before = await ticks();
  return async () => {
    const after = await ticks();
    return 1 - (after.idle - before.idle) / (after.all - before.all);
  };
};

const ticks = async (): Promise<{ readonly all: number; readonly idle: number }> => {
  const [line = ""] = (await readFile("/proc/stat", "utf8")).split("\n");
  // user, nice, system, idle, waiting for the disk, interrupts; a guest's time is in the user's.
  const counts = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return { all, idle: (counts[3] ?? 0) + (counts[4] ?? 0) };
};

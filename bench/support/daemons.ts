import { type Daemon, type DaemonOptions, startDaemon } from "../../test/support/daemon.ts";
import type { BenchPlace } from "./ours.ts";

/** A daemon in a process of its own that has started: it says so itself. */
export const openDaemon = async (place: BenchPlace, options: DaemonOptions = {}): Promise<Daemon> => {
  const daemon = startDaemon(place, options);
  let count = 0;
  while (!daemon.lines.some((line) => line.includes("Daybreak runs"))) {
    const told = daemon.lines.length;
    if (told === count && count > 0) throw new Error(`the daemon ended: ${daemon.lines.at(-1)}`);
    count = told;
    await daemon.wrote(told + 1);
  }
  return daemon;
};

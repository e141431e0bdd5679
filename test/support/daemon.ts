import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { Place } from "./morning.ts";
import { root } from "./sources.ts";

/** A daemon in a process of its own, as `daybreak start` starts it. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  /** What it wrote so far: its log, line by line, and what it told a person. */
  readonly lines: readonly string[];
  /** Ends when the daemon has written so many lines of these events (of any, without them), or has ended. */
  wrote(count: number, events?: readonly string[]): Promise<void>;
  /** SIGKILL: nothing is finished, nothing given back. */
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
}

/** How a daemon is started beside what its place says. */
export interface DaemonOptions {
  /** Default: all. */
  readonly roles?: readonly string[];
  /** The point at which it halts, with which passing of it: `send:accepted#2`. */
  readonly haltAt?: string;
}

/** Starts a daemon over a place's configuration. */
export const startDaemon = (place: Pick<Place, "file" | "env">, { roles, haltAt }: DaemonOptions = {}): Daemon => {
  const words = [
    "src/main.ts",
    "start",
    "--config",
    place.file,
    ...(roles === undefined ? [] : ["--roles", roles.join(",")]),
  ];
  const child = spawn(process.execPath, words, {
    cwd: root,
    env: { ...process.env, ...place.env, ...(haltAt === undefined ? {} : { DAYBREAK_HALT_AT: haltAt }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const hear = (line: string): void => {
    lines.push(line);
    for (const look of waiting) look();
  };
  createInterface({ input: child.stderr }).on("line", hear);
  createInterface({ input: child.stdout }).on("line", hear);
  const exited = once(child, "close").then(([code]) => code as number | null);
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return {
    pid: child.pid ?? -1,
    lines,
    wrote: (count, events) => {
      const found = () =>
        lines.filter((line) => events === undefined || events.some((event) => line.includes(`"${event}"`)));
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (found().length >= count) resolve();
      };
      waiting.add(look);
      look();
      return Promise.race([promise, exited.then(() => {})]).finally(() => waiting.delete(look));
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => void (await end("SIGKILL")),
  };
};

/** Lets a daemon work until a moment that chance chooses, after at most so many steps of its work, and kills it there; its process id. */
export const workAndDie = async (place: Pick<Place, "file" | "env">, mostSteps = 8): Promise<number> => {
  await using daemon = startDaemon(place);
  const events = ["render.ready", "delivery.proof", "delivery.composed", "delivery.sent"];
  await daemon.wrote(1 + Math.floor(Math.random() * mostSteps), events);
  await pause(Math.random() * 120);
  await daemon.kill();
  return daemon.pid;
};

/** Processes that still run for a daemon: its browsers name it in their profile's folder. */
export const leftBy = async (pids: readonly number[]): Promise<readonly string[]> => {
  const commands = await Promise.all(
    (await readdir("/proc"))
      .filter((name) => /^\d+$/.test(name))
      .map((name) => readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")),
  );
  return commands.filter((command) => pids.some((pid) => new RegExp(`profiles/[^/\\0]*\\+${pid}\\+`).test(command)));
};

import { spawn } from "node:child_process";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "#model/fault.ts";
import { asAccount } from "#store/embedded/account.ts";
import { useYourOwn } from "#store/embedded/binaries.ts";
import { type Cluster, plainEnvironment } from "#store/embedded/cluster.ts";
import { isAlive } from "#store/embedded/process.ts";

/** A postmaster that works in a cluster's folder. */
export interface Running {
  readonly pid: number;
  readonly port: number;
}

const largestLogBytes = 5_000_000;

/**
 * The postmaster of this folder as its `postmaster.pid` says, if it lives. A file left by a killed one, whose number now belongs to
 * another program (always so in containers after a restart), is removed: Postgres itself would refuse to start.
 */
export const findRunning = async ({ data }: Cluster): Promise<Running | null> => {
  const file = join(data, "postmaster.pid");
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!(pid > 0) || !(await isAlive(pid))) return null;
  if (await isPostmasterOf(pid, data)) return { pid, port: port || 0 };
  await rm(file, { force: true });
  return null;
};

const isPostmasterOf = async (pid: number, data: string): Promise<boolean> => {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  // No /proc (macOS): believe the file, as Postgres does.
  if (command === null) return process.platform !== "linux";
  if (basename(command.split("\0")[0] ?? "") !== "postgres") return false;
  // A postmaster works in its data folder. Where that may not be read, it is taken for ours: the safe side.
  const [works, own] = [await folderOf(`/proc/${pid}/cwd`), await folderOf(data)];
  return works === null || works === own;
};

const folderOf = async (path: string): Promise<string | null> => {
  const found = await stat(path).catch(() => null);
  return found === null ? null : `${found.dev}:${found.ino}`;
};

/** A postmaster just started: its end, with the last lines that it wrote. */
export interface Launched {
  readonly pid: number;
  /** Its words when it ended, `null` while it lives. */
  ended(): Promise<string | null>;
}

/** Starts a postmaster in a session of its own: neither Ctrl-C nor the end of the daemon reaches it. */
export const launch = async (cluster: Cluster, port: number): Promise<Launched> => {
  await turnLog(cluster.logFile);
  const log = await open(cluster.logFile, "a", 0o600);
  const from = (await log.stat()).size;
  try {
    const { file, args } = await asAccount(cluster.account, {
      file: cluster.binaries.postgres,
      args: optionsOf(cluster, port),
    });
    const child = spawn(file, args, {
      cwd: "/",
      env: plainEnvironment(),
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    let over: string | null = null;
    child.on("error", (error) => (over = error.message));
    child.on("exit", (code, signal) => (over ??= `ended with ${code ?? signal}`));
    child.unref();
    return {
      pid: child.pid ?? 0,
      ended: async () => (over === null ? null : `${over}: ${await tail(cluster.logFile, from)}`),
    };
  } finally {
    await log.close();
  }
};

const turnLog = async (file: string): Promise<void> => {
  const size = (await stat(file).catch(() => null))?.size ?? 0;
  if (size > largestLogBytes) await rename(file, `${file}.1`);
};

const tail = async (file: string, from: number): Promise<string> => {
  const bytes = await readFile(file);
  return bytes.subarray(from).toString().trim().split("\n").slice(-8).join(" · ");
};

const optionsOf = ({ data, fast }: Cluster, port: number): readonly string[] => {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    // The folder's path may be longer than the 107 characters that a socket's name may have.
    unix_socket_directories: "",
    timezone: "UTC",
    log_timezone: "UTC",
    shared_buffers: "64MB",
    max_connections: "100",
    // Commits still reach the system, so that killing Postgres in a test loses nothing.
    ...(fast && { fsync: "off", full_page_writes: "off" }),
  };
  return ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
};

/** Ends a postmaster: sessions are cut and the data is written; one that doesn't end in time is ended harder, which costs only a recovery. */
export const endServer = async (pid: number, limitMs = 10_000): Promise<void> => {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await goneWithin(pid, limitMs)) return;
  }
  const hint = `end process ${pid} by hand, ${useYourOwn}`;
  throw new Fault("store.embedded", `The embedded Postgres (process ${pid}) doesn't end.`, { hint });
};

const goneWithin = async (pid: number, limitMs: number): Promise<boolean> => {
  for (let waited = 0; waited < limitMs; waited += 20) {
    if (!(await isAlive(pid))) return true;
    await pause(20);
  }
  return false;
};

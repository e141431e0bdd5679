import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import type { Log } from "#runtime/log.ts";
import { useYourOwn } from "#store/embedded/binaries.ts";
import { type Cluster, openCluster, ownName } from "#store/embedded/cluster.ts";
import { choosePort, keepPort } from "#store/embedded/loopback.ts";
import { endServer, findRunning, type Launched, launch, type Running } from "#store/embedded/server.ts";

/** Where the embedded Postgres lives, and who is told what it does. */
export interface EmbeddedSettings {
  /** Folder of its own, `<home>/postgres`. */
  readonly dir: string;
  readonly log: Log;
  readonly onProgress?: (words: string) => void;
  /** No waiting for the disk: only for data that may be lost. */
  readonly fast?: boolean;
  readonly startLimitMs?: number;
  /** How long a server that lives may take to answer before it is ended and started again; a recovery after a crash takes its time. */
  readonly answerLimitMs?: number;
}

/** A Postgres that runs while somebody uses it. */
export interface Embedded extends AsyncDisposable {
  /** The address, password included. It stays the same as long as its port is free. */
  readonly url: string;
  /** Process id of the postmaster at present. */
  pid(): number;
}

/**
 * Starts the embedded Postgres or joins the one that already runs in the folder: a second daemon's, or one left by a killed daemon.
 * Whoever uses it holds one connection with a shared lock; the last one to leave stops the server, whoever started it. A killed
 * process holds nothing, since its connection falls with it. While it is held, a server that dies is started again.
 */
export const startEmbedded = async (settings: EmbeddedSettings): Promise<Embedded> => {
  const { dir, log, onProgress = () => {}, fast = false } = settings;
  const cluster = await openCluster({ dir, fast, onProgress });
  const limits = { startMs: settings.startLimitMs ?? 120_000, answerMs: settings.answerLimitMs ?? 60_000 };
  const hold = await joinOrStart({ cluster, limits });
  const keeper = keep({ cluster, limits, log }, hold);
  return {
    url: urlOf(cluster, hold.port),
    pid: () => keeper.hold().pid,
    [Symbol.asyncDispose]: () => keeper.leave(),
  };
};

/** Our place in the server: the connection whose lock says that somebody uses it. */
interface Hold extends Running {
  readonly anchor: pg.Client;
  /** Resolved when the connection has fallen. */
  readonly gone: Promise<void>;
}

const urlOf = (cluster: Cluster, port: number): string =>
  `postgres://${ownName}:${cluster.password}@127.0.0.1:${port}/${ownName}`;

const lockKey = "hashtextextended('daybreak:embedded', 0)";

interface Place {
  readonly cluster: Cluster;
  readonly limits: { readonly startMs: number; readonly answerMs: number };
  /** The port that pools already know; without one the last or a free one is chosen. */
  readonly port?: number;
  /** Ends the trying; a server that was just started stays, for who comes next. */
  readonly signal?: AbortSignal;
}

/** Joins what runs, starts what doesn't, until one of both succeeded or the time is over. */
const joinOrStart = async (place: Place): Promise<Hold> => {
  const { cluster, limits, signal } = place;
  const deadline = performance.now() + limits.startMs;
  let last = "it did not answer";
  for (let tries = 0; performance.now() < deadline && !signal?.aborted; tries += 1) {
    const running = await findRunning(cluster);
    const result = running === null ? await start(place) : await joinOrEnd(place, running);
    if (typeof result !== "string") return result;
    last = result;
    if (!isWorthAnotherTry(last) || tries > 20) break;
    await pause(100);
  }
  const hint = `look at ${cluster.logFile}, ${useYourOwn}`;
  throw new Fault("store.embedded", `The embedded Postgres could not be started: ${last}`, { hint });
};

/** Another process was faster, the port is taken, the dead one's children still end, or it is just going down. */
const isWorthAnotherTry = (words: string): boolean =>
  /postmaster\.pid|already|in use|bind|shared memory|shutting down|terminat|did not answer|ECONN/i.test(words);

const start = async (place: Place): Promise<Hold | string> => {
  const { cluster } = place;
  const port = place.port ?? (await choosePort(cluster));
  const launched = await launch(cluster, port);
  const result = await waitFor(place, { pid: launched.pid, port }, launched);
  if (typeof result !== "string") await keepPort(cluster, port);
  return result;
};

const joinOrEnd = async (place: Place, running: Running): Promise<Hold | string> => {
  const result = await waitFor(place, running, null);
  if (typeof result !== "string" || isRecovering(result)) return result;
  if ((await findRunning(place.cluster))?.pid === running.pid) {
    await endServer(running.pid, Math.min(place.limits.answerMs, 10_000));
  }
  return result;
};

/** It lives and says so: after a crash it first reads its log, which may take minutes and must not be cut short. */
const isRecovering = (words: string): boolean => /starting up|recover|not yet accepting/i.test(words);

/** Connects as soon as the server takes connections; or why it didn't. */
const waitFor = async (
  { cluster, limits, signal }: Place,
  running: Running,
  launched: Launched | null,
): Promise<Hold | string> => {
  const last = performance.now() + limits.startMs;
  let deadline = performance.now() + limits.answerMs;
  while (performance.now() < Math.min(deadline, last) && !signal?.aborted) {
    const ended = (await launched?.ended()) ?? null;
    if (ended !== null) return ended;
    const result = await take(cluster, running, Math.min(limits.answerMs, 5_000));
    if (typeof result !== "string") return result;
    if (isRecovering(result)) deadline = performance.now() + limits.answerMs;
    if (launched === null && (await findRunning(cluster))?.pid !== running.pid) return `terminated: ${result}`;
    await pause(15);
  }
  if (performance.now() >= last) return "it is still recovering; it goes on by itself";
  return `it did not answer within ${limits.answerMs / 1000} s`;
};

const take = async (cluster: Cluster, running: Running, limitMs: number): Promise<Hold | string> => {
  const connectionString = urlOf(cluster, running.port);
  const anchor = new pg.Client({
    connectionString,
    application_name: "daybreak anchor",
    keepAlive: true,
    connectionTimeoutMillis: limitMs,
  });
  anchor.on("error", () => {});
  const gone = new Promise<void>((done) => anchor.once("end", done));
  try {
    await anchor.connect();
    // Waits while the last one to leave holds the lock alone; the connection then ends with the server.
    await anchor.query(`select pg_advisory_lock_shared(${lockKey})`);
    return { ...running, anchor, gone };
  } catch (error) {
    await anchor.end().catch(() => undefined);
    refuseOtherPassword(cluster, error);
    return wordsOf(error) || "ECONNREFUSED";
  }
};

const refuseOtherPassword = (cluster: Cluster, cause: unknown): void => {
  if (!(cause instanceof Error) || !("code" in cause) || cause.code !== "28P01") return;
  const hint = `put the file back that was made with the data, or move ${cluster.dir} away to begin anew`;
  throw new Fault("store.embedded", `The password in ${cluster.dir}/password is not the database's.`, { hint, cause });
};

interface Keeper {
  hold(): Hold;
  leave(): Promise<void>;
}

interface Keeping extends Place {
  readonly log: Log;
}

/** Watches the anchor: when its connection falls, the server is joined or started again, for as long as it takes. */
const keep = ({ log, ...place }: Keeping, first: Hold): Keeper => {
  let hold = first;
  const leaving = new AbortController();
  let returning: Promise<void> = Promise.resolve();
  const watch = (watched: Hold): void => {
    void watched.gone.then(() => {
      if (!leaving.signal.aborted) returning = comeBack();
    });
  };
  const comeBack = async (): Promise<void> => {
    log.warn("embedded.lost", { pid: hold.pid });
    for (let waitMs = 50; !leaving.signal.aborted; waitMs = Math.min(waitMs * 2, 2_000)) {
      try {
        hold = await joinOrStart({ ...place, port: first.port, signal: leaving.signal });
        log.info("embedded.back", { pid: hold.pid, port: hold.port });
        return watch(hold);
      } catch (error) {
        if (!leaving.signal.aborted) log.error("embedded.failed", { error });
        await pause(waitMs, undefined, { signal: leaving.signal }).catch(() => undefined);
      }
    }
  };
  watch(first);
  let left: Promise<void> | null = null;
  const leave = async (): Promise<void> => {
    leaving.abort();
    await returning;
    await leaveServer(hold, log);
  };
  return {
    hold: () => hold,
    leave: () => {
      left ??= leave();
      return left;
    },
  };
};

/** Gives the shared lock back and asks for it alone: who gets it is the last one. Two who leave together can't both miss it. */
const leaveServer = async ({ anchor, pid }: Hold, log: Log): Promise<void> => {
  try {
    await anchor.query(`select pg_advisory_unlock_shared(${lockKey})`);
    const { rows } = await anchor.query(`select pg_try_advisory_lock(${lockKey}) as alone`);
    if (rows[0]?.alone === true) await endServer(pid);
  } catch (error) {
    // The server went away by itself: nothing is left to stop.
    if (isFault(error)) log.error("embedded.failed", { error });
  } finally {
    await anchor.end().catch(() => undefined);
  }
};

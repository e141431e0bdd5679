import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { platform } from "node:os";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { failed, isDiskFull } from "#backup/produce/failed.ts";
import { groupGone } from "#backup/produce/left-over.ts";
import { programOf } from "#backup/produce/shell.ts";
import { type KeptTail, keepTail } from "#backup/produce/tail.ts";
import type { CommandLine } from "#model/backup.ts";
import { isFault } from "#model/fault.ts";

/** A command that is run once, with its bounds. */
export interface CommandAsk {
  readonly line: CommandLine;
  /** Further words behind it: `$1`, `$2` … of a shell. */
  readonly more?: readonly string[];
  /** What it is called in messages: `pg_dump`. */
  readonly name: string;
  readonly cwd: string;
  /** All that it gets; nothing of our own environment comes in beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A new file for its standard output; `null`: only its tail is kept. */
  readonly out: string | null;
  /** Ends the whole process group; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Covered wherever the command repeats them. */
  readonly secrets?: readonly string[];
  readonly patience?: Patience | undefined;
  /** Told the number of its process group. */
  readonly onStarted?: (group: number) => Promise<void>;
}

/** How long a command is waited for at its end. */
export interface Patience {
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** How long its output may stay open after its end. */
  readonly lingerMs: number;
}

const usual: Patience = { graceMs: 10_000, lingerMs: 60_000 };

/** A command that ended with exit code 0. */
export interface Ended {
  /** The tail of its standard error. */
  readonly words: string;
  /** The tail of its standard output, where no file took it. */
  readonly said: string;
}

/**
 * Runs a command and waits until it and its output have ended. Throws `backup.produce` for a program that isn't there, an exit code
 * other than 0, an end by a signal, an output that could not be stored, and one that something still holds after the command's end;
 * and the signal's reason once all that it started is gone.
 */
export const runCommand = async (ask: CommandAsk): Promise<Ended> => {
  ask.signal.throwIfAborted();
  const child = await start(ask);
  const secrets = ask.secrets ?? [];
  const words = keepTail(child.stderr, secrets);
  const { stored, said } = takeOutput(child, ask, secrets);
  // Listened for before anything is waited for: a command may end sooner than its number is written down.
  const [ended, closed] = [endOf(child), once(child, "close")];
  try {
    if (child.pid !== undefined) await ask.onStarted?.(child.pid);
    const end = await Promise.race([ended, brokenBy(stored), abortOf(ask.signal)]);
    await Promise.race([closed, abortOf(ask.signal), heldTooLong(ask)]);
    await Promise.race([stored, abortOf(ask.signal)]);
    judge(end, { ask, words });
    return { words: words.text(), said: said?.text() ?? "" };
  } catch (error) {
    await endGroup(child, { closed, graceMs: (ask.patience ?? usual).graceMs });
    if (ask.signal.aborted) throw withWords(ask.signal.reason, words.text());
    throw isDiskFull(error) ? diskFull(ask, error) : error;
  }
};

const start = async (ask: CommandAsk): Promise<Started> => {
  const { file, args, verbatim } = programOf(ask.line, ask.more ?? []);
  const child = spawn(file, args, {
    cwd: ask.cwd,
    env: { ...ask.environment },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that its end is the end of all that it started. On Windows it would open a window instead.
    detached: platform() !== "win32",
    windowsHide: true,
    windowsVerbatimArguments: verbatim,
  });
  try {
    await once(child, "spawn");
    return child;
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw failed(isMissing ? `There is no ${file} on this machine.` : `${ask.name} could not be started.`, {
      hint: isMissing ? "install it, or write its whole path" : "run it by hand as the user that runs Daybreak",
      retry: "never",
      cause,
    });
  }
};

type Started = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

interface Output {
  /** Resolved when all of it lies on the disk; rejected when it could not be stored. */
  readonly stored: Promise<void>;
  readonly said: KeptTail | null;
}

/** Through our own hands, not straight into the file: a command that doesn't look whether its writes succeed would pass a full disk by. */
const takeOutput = (child: Started, { out }: CommandAsk, secrets: readonly string[]): Output => {
  if (out === null) return { stored: Promise.resolve(), said: keepTail(child.stdout, secrets) };
  const stored = pipeline(child.stdout, createWriteStream(out, { flags: "wx", mode: 0o600, flush: true }));
  stored.catch(() => undefined);
  return { stored, said: null };
};

interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

const endOf = async (child: Started): Promise<End> => {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  return { code, signal };
};

/** Never resolves: storing the output is no end of the command, failing to is. */
const brokenBy = async (stored: Promise<void>): Promise<never> => {
  await stored;
  return await new Promise<never>(() => {});
};

const abortOf = async (signal: AbortSignal): Promise<never> => {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
};

const heldTooLong = async ({ name, patience = usual }: CommandAsk): Promise<never> => {
  await pause(patience.lingerMs, undefined, { ref: false });
  throw failed(`${name} ended, but something that it started still holds its output.`, {
    hint: "nobody knows whether all was written; let the command wait for what it starts",
  });
};

const judge = ({ code, signal }: End, { ask, words }: { readonly ask: CommandAsk; readonly words: KeptTail }): void => {
  if (code === 0 && signal === null) return;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  throw failed(`${ask.name} ended ${how}.`, { words: words.text() });
};

/** What was said before a time-out is most of what anybody will ever know of it. */
const withWords = (reason: unknown, words: string): unknown =>
  isFault(reason, "backup.produce") ? failed(reason.message, { hint: reason.hint, words, cause: reason }) : reason;

const diskFull = ({ name }: CommandAsk, cause: unknown) =>
  failed(`The disk was full before ${name} had written all.`, {
    hint: "free some space, or name a folder on a larger disk by `scratch`",
    cause,
  });

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  const { pid } = child;
  if (pid === undefined) return;
  if (platform() === "win32") {
    spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore", windowsHide: true }).on("error", () => {
      child.kill();
    });
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
};

/** Ends the command with all that it started: politely first, since a dump may have a snapshot or a file to give back. */
const endGroup = async (
  child: ChildProcess,
  { closed, graceMs }: { readonly closed: Promise<unknown>; readonly graceMs: number },
): Promise<void> => {
  signalGroup(child, "SIGTERM");
  const isOver = await Promise.race([closed.then(() => true), pause(graceMs, false, { ref: false })]);
  // Also when the command itself ended: one of its children may have closed its output and go on.
  signalGroup(child, "SIGKILL");
  if (!isOver) await Promise.race([closed, pause(5_000, undefined, { ref: false })]);
  if (child.pid !== undefined) await groupGone(child.pid);
};

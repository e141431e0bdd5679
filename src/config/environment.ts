import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { Fault, wordsOf } from "#model/fault.ts";

/** A variable's value and where it was found: `environment`, `.env`, or the file that `<NAME>_FILE` names. */
export interface Found {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
}

/** What the program may know from outside the configuration file. */
export interface Environment {
  /** The variable, or the content of the file that `<NAME>_FILE` names; an empty one counts as none. */
  find(name: string): Found | null;
  /** Every value that was found so far and may be a secret. */
  readonly given: readonly string[];
  /** Files that `<NAME>_FILE` names and that can't be read, in words. */
  readonly mistakes: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

/** `warehouse-2`, `PASSWORD` → `DAYBREAK_WAREHOUSE_2_PASSWORD`. */
export const variableOf = (name: string, what: string): string =>
  `DAYBREAK_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_")}_${what}`;

const dotEnvOf = (dir: string): Variables => {
  const file = join(dir, ".env");
  if (!existsSync(file)) return {};
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (cause) {
    const hint = `Make ${file} readable for the user that runs Daybreak, or remove it.`;
    throw new Fault("config.unreadable", `${file} can't be read: ${wordsOf(cause)}`, { hint, cause });
  }
};

/** A user's name is shown: covered, it would cover every word that it is part of. */
const isPublic = (name: string): boolean =>
  /^(DAYBREAK_(.*_)?(HALT_AT|HOST|USER|OAUTH2_CLIENT_ID|OAUTH2_TOKEN_URL)|AWS_(DEFAULT_)?REGION)$/.test(name);

/** Names → values: the process environment stands before `.env` in the configuration's folder, a plain variable before its file. */
export const environmentOf = (env: Variables, dir: string): Environment => {
  const dotEnv = dotEnvOf(dir);
  const given: string[] = [];
  const mistakes: string[] = [];
  const plain = (name: string): Found | null => {
    const inProcess = env[name];
    if (inProcess) return { name, value: inProcess, origin: "environment" };
    const inFile = dotEnv[name];
    return inFile ? { name, value: inFile, origin: ".env" } : null;
  };
  const fromFile = (name: string): Found | null => {
    const pointer = plain(`${name}_FILE`);
    if (pointer === null) return null;
    try {
      const value = readFileSync(resolve(dir, pointer.value), "utf8").replace(/\r?\n$/, "");
      return value === "" ? null : { name, value, origin: `file ${pointer.value}` };
    } catch (cause) {
      mistakes.push(
        `${name}_FILE names ${pointer.value}, which can't be read (${(cause as NodeJS.ErrnoException).code ?? "error"})`,
      );
      return null;
    }
  };
  const find = (name: string): Found | null => {
    const found = plain(name) ?? fromFile(name);
    if (found !== null && !isPublic(name)) given.push(found.value);
    return found;
  };
  return { find, given, mistakes };
};

const forBrowsers = ["PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** The variables that a browser may know: where programs lie, and the proxy. None of our secrets is among them. */
export const browserVariables = (env: Variables): Readonly<Record<string, string>> =>
  Object.fromEntries(forBrowsers.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

/** What commands of backups are given: all but what is Daybreak's alone. A dump's own variables and Amazon's stay. */
export const commandVariables = (env: Variables): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || /^(DAYBREAK_|DATABASE_URL(_FILE)?$)/i.test(name) ? [] : [[name, value]],
    ),
  );

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, lstatSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type FirstFile, type FirstSignIn, secretsOf } from "#actions/first-files.ts";
import { configChecks } from "#app.ts";
import type { InitOptions } from "#cli/init/options.ts";
import type { Cli } from "#cli/verb.ts";
import type { Config } from "#config/config.ts";
import { loadConfig } from "#config/load.ts";
import { Fault, wordsOf } from "#model/fault.ts";

const names = ["daybreak.yaml", ".env", "people.csv"] as const;

/** Nothing that is there is written over unasked; asked first, so that nobody answers ten questions in vain. */
export const mayWrite = async ({ terminal }: Cli, { force, yes }: InitOptions): Promise<void> => {
  const link = names.find((name) => isLink(join(terminal.cwd, name)));
  if (link !== undefined) {
    throw new Fault("usage", `${link} is a symbolic link, and is not written through.`, {
      hint: "remove the link, or go to an empty folder",
    });
  }
  const there = names.filter((name) => existsSync(join(terminal.cwd, name)));
  if (there.length === 0 || force) return;
  const what = `${there.join(" and ")} ${there.length === 1 ? "is" : "are"} there already.`;
  const hint = "go to an empty folder, or say --force to write over";
  if (terminal.asker === null || yes) throw new Fault("usage", what, { hint });
  if (await terminal.asker.yes(`${what} Write over?`, false)) return;
  throw new Fault("run.aborted", "Nothing was written.", { hint });
};

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** Writes the files, each whole or not at all; the one with secrets is its owner's alone from its first byte on. */
export const writeFiles = async ({ terminal, say }: Cli, files: readonly FirstFile[]): Promise<void> => {
  for (const { name, text, isSecret } of files) {
    await writeWhole(join(terminal.cwd, name), text, isSecret ? 0o600 : 0o644);
    say.good(`${name} is written${isSecret ? " (only you can read it)" : ""}.`);
  }
};

/** A draft takes the file's place: a link that was put there meanwhile is replaced, never followed. */
const writeWhole = async (path: string, text: string, mode: number): Promise<void> => {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode, flag: "wx", flush: true });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    const hint = "let the user that gives the command write there, or make room on the disk";
    throw new Fault("config.unreadable", `${path} can't be written: ${wordsOf(cause)}`, { hint, cause });
  }
};

/** A server as far as it is known before there is a file. */
export interface Provisional {
  readonly server: string;
  readonly kind: string;
  readonly signIn: FirstSignIn;
}

/** A configuration with only the server in it: what looking around needs. */
export const provisionalConfig = async ({ terminal }: Cli, { server, kind, signIn }: Provisional): Promise<Config> => {
  const folder = await mkdtemp(join(tmpdir(), "daybreak-init-"));
  try {
    const home = join(terminal.cwd, ".daybreak");
    const web = kind === "web" ? { web: { viewUrl: "{view}" } } : {};
    const written = { server: { url: server, kind, signIn: { via: signIn.via }, ...web }, home, reports: {} };
    // JSON is YAML, and quotes everything that could be misread.
    await writeFile(join(folder, "daybreak.yaml"), JSON.stringify(written));
    return await loadConfig({ file: "daybreak.yaml", cwd: folder, env: secretsOf(signIn), ...configChecks });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Opens a file in the reader's browser where there is a desktop; false elsewhere. */
export const openInBrowser = ({ terminal }: Cli, path: string): boolean => {
  const { env, columns } = terminal;
  const isMac = process.platform === "darwin";
  const hasDesktop = isMac || Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"]);
  const opener = isMac ? "open" : "xdg-open";
  const folders = (env["PATH"] ?? "").split(delimiter);
  const program = folders.map((folder) => join(folder, opener)).find((file) => existsSync(file));
  if (!hasDesktop || program === undefined || columns === null) return false;
  spawn(program, [path], { detached: true, stdio: "ignore" })
    .on("error", () => {})
    .unref();
  return true;
};

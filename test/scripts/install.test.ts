import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../support/sources.ts";

/** A project in which nothing is installed, with an npm of its own. */
const projectWith = (npm: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "daybreak-install-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(`${root}scripts`, join(folder, "scripts"), { recursive: true });
  writeFileSync(join(folder, "package-lock.json"), '{ "packages": { "": {} } }');
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/npm"), `#!/bin/sh\n${npm}\n`);
  chmodSync(join(folder, "bin/npm"), 0o755);
  return folder;
};

const start = (folder: string): ChildProcess =>
  spawn(process.execPath, ["scripts/with-node.cjs", "--version"], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` },
    stdio: ["ignore", "ignore", "pipe"],
  });

test("Ctrl-C while packages are installed ends npm at once and gives the lock back", async () => {
  const folder = projectWith('[ "$1" = ci ] || exit 1\necho $$ > pid\ntrap "" INT\necho begun >&2\nsleep 300');
  const child = start(folder);
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => text.includes("begun") && resolve());
  await begun;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  const npm = Number(readFileSync(join(folder, "pid"), "utf8"));
  await expect.poll(() => isRunning(npm)).toBe(false);
  expect(existsSync(join(folder, ".daybreak/install.lock"))).toBe(false);
});

const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

test("an npm that can't write its cache gets another place for it, which doesn't stay", async () => {
  const folder = projectWith(
    '[ "$1" = config ] && { echo "$PWD/package-lock.json/cache"; exit 0; }\necho "cache $npm_config_cache" >&2\nmkdir -p "$npm_config_cache"\nexit 1',
  );
  const child = start(folder);
  const said: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  await once(child, "close");
  expect(said.join("")).toContain(`cache ${join(folder, ".daybreak/npm")}\n`);
  expect(said.join("")).toContain("npm ci failed");
  expect(existsSync(join(folder, ".daybreak/npm"))).toBe(false);
});

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { read, root } from "../support/sources.ts";

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const { scripts, devDependencies }: Manifest = JSON.parse(read("package.json"));
const wrapper = `${root}scripts/with-node.cjs`;

/** A program that says when it listens, then what it hears, and ends half a second after the first signal. */
const listener = `
  const heard = [];
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {
    if (heard.push(signal) === 1) setTimeout(() => { console.log(heard.join()); process.exit(7); }, 500);
  });
  setInterval(() => {}, 1000);
  console.log("ready");
`;

const started = async (command: string, words: readonly string[], cwd = root): Promise<ChildProcess> => {
  const child = spawn(command, words, { cwd, stdio: ["ignore", "pipe", "inherit"], detached: true });
  if (child.stdout) await once(child.stdout, "data");
  return child;
};

/** Ends a child by `act` and returns what it said until then, with its exit code. */
const ending = async (child: ChildProcess, act: (pid: number) => void): Promise<readonly [string, number | null]> => {
  const said = child.stdout ? text(child.stdout) : Promise.resolve("");
  const exit = once(child, "exit");
  act(child.pid ?? 0);
  const [code] = await exit;
  return [(await said).trim(), code];
};

test("the program gets the pinned Node and its words as they are", async () => {
  const { stdout } = await run(process.execPath, [
    wrapper,
    "-p",
    "process.version + process.argv.slice(1)",
    "a b",
    "$c",
  ]);
  expect(stdout).toBe(`v${devDependencies.node}a b,$c
`);
});

test("the program's exit code is the wrapper's", async () => {
  await expect(run(process.execPath, [wrapper, "-e", "process.exit(3)"])).rejects.toMatchObject({ code: 3 });
});

test("a program that died of a signal makes the wrapper die of it", async () => {
  const dying = run(process.execPath, [wrapper, "-e", "process.kill(process.pid, 'SIGKILL')"]);
  await expect(dying).rejects.toMatchObject({ signal: "SIGKILL" });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s to the wrapper reaches the program once", async (signal) => {
  const child = await started(process.execPath, [wrapper, "-e", listener]);
  expect(await ending(child, (pid) => process.kill(pid, signal))).toEqual([signal, 7]);
});

/** A project whose only command is the listener, started as Daybreak's own commands are. */
const listenerProject = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "daybreak-signals-"));
  writeFileSync(join(folder, "listener.mjs"), listener);
  const listen = `${scripts.demo?.replace("scripts/with-node.cjs demo/main.ts", wrapper)} ./listener.mjs`;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ scripts: { listen } }));
  return folder;
};

test("every npm command is a single exec, because npm's shell would keep signals for itself", () => {
  const others = Object.values(scripts).filter((script) => !script.startsWith("exec node scripts/with-node.cjs "));
  expect(others).toEqual([]);
});

test.each([
  ["SIGTERM", "npm alone", 1],
  ["SIGTERM", "npm's whole process group", -1],
  ["SIGINT", "npm's whole process group", -1],
] as const)("%s to %s reaches the program once", async (signal, _, sign) => {
  const folder = listenerProject();
  const child = await started("npm", ["run", "--silent", "listen"], folder);
  expect(await ending(child, (pid) => process.kill(sign * pid, signal))).toEqual([signal, 7]);
  rmSync(folder, { recursive: true });
});

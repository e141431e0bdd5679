import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "../support/sources.ts";

const run = promisify(execFile);
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

const started = async (command: string, words: readonly string[]): Promise<ChildProcess> => {
  const child = spawn(command, words, { cwd: root, stdio: ["ignore", "pipe", "inherit"], detached: true });
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
  expect(stdout).toBe(
    `v${(await import("../../package.json", { with: { type: "json" } })).default.devDependencies.node}a b,$c\n`,
  );
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

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s to the whole process group of npm reaches the program once",
  async (signal) => {
    const child = await started("npm", ["exec", "--silent", "-c", `node scripts/with-node.cjs -e '${listener}'`]);
    expect((await ending(child, (pid) => process.kill(-pid, signal)))[0]).toBe(signal);
  },
);

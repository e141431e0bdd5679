/**
 * `npm run check`: types, lint, dead code and the tests that need nothing, side by side; prints only what is wrong.
 * `npm test` (--all): the same and every test, with the test runner's own report on the screen and, for programs, in
 * .daybreak/test-report.json. --long: the full counts, with a copy of the output under bench/results/.
 * Further words go to the test runner: npm test -- test/schedule
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, rmSync, type WriteStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

interface Step {
  readonly name: string;
  /** A program of a package below node_modules, and its words. */
  readonly program: string;
  readonly words: readonly string[];
}

interface Ending {
  readonly name: string;
  readonly isFine: boolean;
  readonly seconds: number;
  readonly output: string;
}

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const given = process.argv.slice(2);
const isLong = given.includes("--long");
const isAll = isLong || given.includes("--all");
const forRunner = given.filter((word) => word !== "--all" && word !== "--long");
const reportFile = `${root}/.daybreak/test-report.json`;

const withoutTests: readonly Step[] = [
  { name: "types", program: "typescript/bin/tsc", words: ["--noEmit", "-p", "."] },
  {
    name: "lint",
    program: "@biomejs/biome/bin/biome",
    words: ["check", "--error-on-warnings", "--max-diagnostics=60"],
  },
  { name: "dead code", program: "knip/bin/knip.js", words: ["--no-progress"] },
];

const runner = "vitest/vitest.mjs";
const pureTests: Step = {
  name: "pure tests",
  program: runner,
  words: ["run", "--project=pure", "--project=house", "--reporter=dot", ...forRunner],
};
const allTests: Step = {
  name: "tests",
  program: runner,
  words: ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`, ...forRunner],
};

const running = new Set<ChildProcess>();

const start = (step: Step, stdio: "pipe" | "inherit"): ChildProcess => {
  const child = spawn(process.execPath, [`${root}/node_modules/${step.program}`, ...step.words], {
    cwd: root,
    stdio: ["ignore", stdio, stdio],
    env: { ...process.env, ...(isLong && { DAYBREAK_LONG: "1" }) },
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
};

/** Runs a step to its end, handing each piece of its output to `hear`. */
const ended = async (step: Step, hear: ((piece: string) => void) | null): Promise<Ending> => {
  const startedAt = performance.now();
  const child = start(step, hear ? "pipe" : "inherit");
  const pieces: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (piece: string) => {
      pieces.push(piece);
      hear?.(piece);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return { name: step.name, isFine: code === 0, seconds, output: pieces.join("") };
};

const quietly = (step: Step): Promise<Ending> => ended(step, () => {});

const report = ({ name, isFine, seconds, output }: Ending): void => {
  if (!isFine) process.stdout.write(`${output}\n`);
  process.stdout.write(`${isFine ? "✓" : "✗"} ${name} (${seconds.toFixed(1)} s)\n`);
};

const keep = (file: WriteStream, piece: string): void => {
  file.write(stripVTControlCharacters(piece).replaceAll(root, "."));
};

const testAll = async (before: readonly Ending[]): Promise<Ending> => {
  rmSync(reportFile, { force: true });
  mkdirSync(`${root}/.daybreak`, { recursive: true });
  // A part of the tests is no result to keep.
  if (!isLong || forRunner.length > 0) return ended(allTests, null);
  mkdirSync(`${root}/bench/results`, { recursive: true });
  const file = createWriteStream(`${root}/bench/results/test-long.txt`);
  for (const { name, isFine } of before) keep(file, `${isFine ? "✓" : "✗"} ${name}\n`);
  const ending = await ended(allTests, (piece) => {
    process.stdout.write(piece);
    keep(file, piece);
  });
  file.end();
  return ending;
};

const checkAll = async (): Promise<readonly Ending[]> => {
  const steps = isAll ? withoutTests : [...withoutTests, pureTests];
  const before = await Promise.all(steps.map(quietly));
  for (const ending of before) report(ending);
  if (!isAll) return before;
  const tests = await testAll(before);
  process.stdout.write(`${tests.isFine ? "✓" : "✗"} tests (${tests.seconds.toFixed(1)} s)\n`);
  return [...before, tests];
};

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exitCode = 130;
  });
}

const endings = await checkAll();
const wrong = endings.filter((ending) => !ending.isFine);
if (wrong.length > 0) {
  process.stdout.write(`Wrong: ${wrong.map((ending) => ending.name).join(", ")}\n`);
  process.exitCode ??= 1;
}

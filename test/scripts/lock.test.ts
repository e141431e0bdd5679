import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { root } from "../support/sources.ts";

const run = promisify(execFile);
const work = mkdtempSync(join(tmpdir(), "daybreak-lock-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Holds the lock for 30 ms and notes both ends in a log. */
const holder = `
  const { appendFileSync } = require("node:fs");
  const { withLock } = require(${JSON.stringify(`${root}scripts/lock.cjs`)});
  const [lock, log] = process.argv.slice(1);
  withLock(lock, () => {
    appendFileSync(log, "in ");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    appendFileSync(log, "out ");
  });
`;

const hold = (lock: string, log: string): Promise<unknown> => run(process.execPath, ["-e", holder, lock, log]);

/** The id of a process that is gone. */
const deadPid = async (): Promise<string> => (await run(process.execPath, ["-p", "process.pid"])).stdout.trim();

test("processes that want the lock at once hold it one after the other, also over a dead owner's", async () => {
  const lock = join(work, "several.lock");
  const log = join(work, "several.log");
  writeFileSync(lock, await deadPid());
  await Promise.all(Array.from({ length: 6 }, () => hold(lock, log)));
  expect(readFileSync(log, "utf8")).toBe("in out ".repeat(6));
  expect(existsSync(lock)).toBe(false);
});

test("a process that ends in the middle gives the lock back", async () => {
  const lock = join(work, "ending.lock");
  const leaver = holder.replace(/withLock\(lock[\s\S]*/, "withLock(lock, () => process.exit(0));");
  await run(process.execPath, ["-e", leaver, lock, "-"]);
  expect(existsSync(lock)).toBe(false);
});

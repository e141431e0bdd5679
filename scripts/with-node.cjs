"use strict";
// Runs a program with the pinned Node, installing it first when it isn't there: node scripts/with-node.cjs [flags] FILE [words]
const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { ensureInstalled } = require("./install.cjs");

const REPEAT_MS = 500;

/**
 * One signal, once: a terminal's Ctrl-C reaches a whole process group, and npm passes on what it gets besides, while a
 * second signal means "end at once" to Daybreak. At a terminal the program stays in our group (it may want to read the
 * keyboard) and has the keyboard's signals from there; elsewhere it gets a group of its own and all of them from us.
 */
const passSignals = (child, atTerminal) => {
  const last = new Map();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      const repeated = Date.now() - (last.get(signal) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS;
      last.set(signal, Date.now());
      const hasItAlready = atTerminal && signal !== "SIGTERM";
      if (!repeated && !hasItAlready) child.kill(signal);
    });
  }
};

/**
 * The C library's allocator (glibc's mallopt) moves its threshold up when large blocks are freed, and then keeps what lies between small ones:
 * a daemon that draws for weeks held ten times what it used. With a fixed threshold large blocks go back to the system.
 */
const allocator = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" };

const endLike = (code, signal) => {
  if (!signal) process.exit(code);
  for (const one of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(one);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
};

const main = async () => {
  const node = await ensureInstalled();
  const atTerminal = Boolean(process.stdin.isTTY);
  const child = spawn(node, process.argv.slice(2), {
    stdio: "inherit",
    detached: !atTerminal,
    env: { ...allocator, ...process.env },
  });
  passSignals(child, atTerminal);
  child.on("error", (error) => {
    process.stderr.write(`daybreak: ${node} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", endLike);
};

main().catch((error) => {
  process.stderr.write(`daybreak: ${error.message}\n`);
  process.exit(1);
});

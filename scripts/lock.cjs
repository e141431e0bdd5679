"use strict";
// A lock between processes by a file that names its owner. Plain old JavaScript: it runs before anything is installed.
const fs = require("node:fs");
const path = require("node:path");

const POLL_MS = 200;
const WAIT_LIMIT_MS = 15 * 60 * 1000;
/** Nobody holds the breaker longer than a few system calls; one older than this was left behind. */
const BREAKER_STALE_MS = 10 * 1000;

const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Makes `file` with our process id in it; false when it is there already. A link is atomic, so the id is never half-written. */
const claim = (file) => {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    fs.unlinkSync(own);
  }
};

const ownerIsAlive = (file) => {
  try {
    process.kill(Number(fs.readFileSync(file, "utf8")), 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
};

/** Removes a dead owner's lock. Only the holder of a second, short lock may, so that nobody removes a new owner's. */
const breakStale = (file) => {
  const breaker = `${file}.break`;
  if (!claim(breaker)) {
    const age = Date.now() - (fs.statSync(breaker, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > BREAKER_STALE_MS) fs.rmSync(breaker, { force: true });
    return;
  }
  if (!ownerIsAlive(file)) fs.rmSync(file, { force: true });
  fs.rmSync(breaker, { force: true });
};

/** Calls `act`, which may take its time, while no other process holds `file`; waits up to 15 minutes for a living owner. */
const withLock = async (file, act) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const giveUpAt = Date.now() + WAIT_LIMIT_MS;
  while (!claim(file)) {
    if (Date.now() > giveUpAt) throw new Error(`${file} has been held for 15 minutes; remove it if nothing installs.`);
    if (!ownerIsAlive(file)) breakStale(file);
    sleep(POLL_MS);
  }
  const release = () => fs.rmSync(file, { force: true });
  // `act` may end the process itself.
  process.once("exit", release);
  try {
    return await act();
  } finally {
    process.removeListener("exit", release);
    release();
  }
};

module.exports = { withLock };

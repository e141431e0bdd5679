"use strict";
// Plain old JavaScript for whatever Node the machine has: it runs before anything is installed.
const { spawn, spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const { constants } = require("node:os");
const path = require("node:path");
const { withLock } = require("./lock.cjs");

const root = path.resolve(__dirname, "..");
const modules = path.join(root, "node_modules");
const lockFile = path.join(root, "package-lock.json");
const stampFile = path.join(modules, ".daybreak-install");
const pinnedNode = path.join(modules, "node", "bin", "node");

const readJson = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return null;
  }
};

const hashOf = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");

const stampIsCurrent = () => {
  try {
    return fs.readFileSync(stampFile, "utf8") === hashOf(lockFile);
  } catch {
    return false;
  }
};

/** Packages that npm may leave out without a word, because they are for other machines or came with one that is. */
const mayBeMissing = (entry, name, direct) =>
  (entry.optional || entry.devOptional) && !(name in direct && !entry.os && !entry.cpu);

/**
 * True when node_modules holds what package-lock.json asks for. Contents are compared, not times: git sets a file's time
 * to that of the checkout. npm writes its own list of what it installed last of all, so an interrupted install has none.
 */
const installMatches = () => {
  const wanted = readJson(lockFile);
  const present = readJson(path.join(modules, ".package-lock.json"));
  if (!wanted || !present) return false;
  const direct = wanted.packages[""].optionalDependencies ?? {};
  return Object.entries(wanted.packages).every(([place, entry]) => {
    if (place === "") return true;
    const there = present.packages[place];
    if (!there) return mayBeMissing(entry, place.replace(/^node_modules\//, ""), direct);
    return there.version === entry.version && there.integrity === entry.integrity;
  });
};

const nodeRuns = () => fs.existsSync(pinnedNode) && spawnSync(pinnedNode, ["--version"]).status === 0;

/** The environment for npm: without node_modules/.bin in the path, whose `node` goes away while npm installs. */
const npmEnvironment = () => {
  const kept = (process.env.PATH ?? "").split(path.delimiter).filter((one) => !one.startsWith(modules));
  return { ...process.env, PATH: kept.join(path.delimiter) };
};

const isWritable = (folder) => {
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.accessSync(folder, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** Calls `act` with an environment whose npm can keep its cache: service accounts often have a home that is read-only or absent. */
const withCache = async (act) => {
  const env = npmEnvironment();
  const { stdout, status } = spawnSync("npm", ["config", "get", "cache"], { cwd: root, env, encoding: "utf8" });
  if (status !== 0 || isWritable(stdout.trim())) return act(env);
  const own = path.join(root, ".daybreak", "npm");
  try {
    return await act({ ...env, npm_config_cache: own });
  } finally {
    fs.rmSync(own, { recursive: true, force: true });
  }
};

const fail = (what) => {
  process.stderr.write(`daybreak: ${what}\n`);
  process.exit(1);
};

/** What node_modules comes to; npm unpacks half of it before it finds out, and then says something else. */
const NEEDED_MB = 900;

const checkSpace = () => {
  if (fs.existsSync(modules)) return;
  const { bavail, bsize } = fs.statfsSync(root);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  if (freeMb >= NEEDED_MB) return;
  fail(`only ${freeMb} MB are free in ${root}. The packages need about ${NEEDED_MB} MB, the browser 250 more.`);
};

/**
 * Runs npm in a group of its own and ends that group at Ctrl-C: left to itself npm goes on for many seconds. What it leaves behind
 * is half an install, which the next one finds out and replaces.
 */
const npmEnded = (words, env) =>
  new Promise((done) => {
    let child = null;
    const end = (signal) => {
      if (child?.pid) process.kill(-child.pid, "SIGKILL");
      process.exit(128 + constants.signals[signal]);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.once(signal, end);
    // npm's own words go to stderr, so that a command's stdout stays its own.
    child = spawn("npm", words, { cwd: root, env, stdio: ["ignore", 2, 2], detached: true });
    const finish = (outcome) => {
      for (const signal of signals) process.removeListener(signal, end);
      done(outcome);
    };
    child.once("error", (error) => finish({ error }));
    child.once("close", (status) => finish({ status }));
  });

const runNpm = async () => {
  checkSpace();
  process.stderr.write("daybreak: installing packages (npm ci) …\n");
  const words = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const done = await withCache((env) => npmEnded(words, env));
  if (done.error) fail(`npm could not be started: ${done.error.message}. Install Node 20 or newer with npm.`);
  if (done.status !== 0) fail("npm ci failed; its words stand above.");
};

/** Some npm versions skip install scripts of packages; the `node` package fetches its binary in one. */
const fetchNode = () => {
  if (nodeRuns()) return;
  process.stderr.write("daybreak: fetching the pinned Node …\n");
  const cwd = path.join(modules, "node");
  const env = {
    ...npmEnvironment(),
    npm_config_loglevel: "error",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
  spawnSync(process.execPath, ["installArchSpecificPackage.js"], { cwd, env, stdio: ["ignore", 2, 2] });
  if (!nodeRuns()) fail(`the pinned Node is missing: ${pinnedNode}. Remove node_modules and try again.`);
};

const isReady = () => fs.existsSync(pinnedNode) && (stampIsCurrent() || installMatches());

/** Makes node_modules what package-lock.json says, at most one process at a time. Returns the pinned Node's path. */
const ensureInstalled = async () => {
  if (isReady()) return pinnedNode;
  await withLock(path.join(root, ".daybreak", "install.lock"), async () => {
    if (isReady()) return;
    if (!installMatches()) await runNpm();
    fetchNode();
    fs.writeFileSync(stampFile, hashOf(lockFile));
  });
  return pinnedNode;
};

module.exports = { ensureInstalled, root };

/** One node of Ceph (a monitor, a disk, the RADOS Gateway) in a folder, on 127.0.0.1: a real S3 server, by whoever runs this. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { type DebianRoot, unpackedDebian } from "../debian.ts";

const run = promisify(execFile);

/** Keys of the one account, which the gateway has from its first moment. */
export const account = { accessKeyId: "TESTKEY", secretAccessKey: "TESTSECRET" } as const;

/** Gets Ceph from Debian's packages: about 60 MB at the first time. Its Python side isn't needed. */
export const cephPackages = (): Promise<DebianRoot> =>
  unpackedDebian({
    name: "ceph",
    packages: ["radosgw", "ceph-mon", "ceph-osd", "ceph-base", "ceph-common"],
    proof: "usr/bin/radosgw",
    isNeeded: (name) => /^lib/.test(name) && !/^(?:libc6|libc-bin|libpython)/.test(name),
  });

/** A gateway that answers. */
export interface Ceph {
  readonly endpoint: string;
  /** Ends all of it at once: what it holds is thrown away. */
  stop(): Promise<void>;
}

/** Where it lies, and what is told of each process that it starts. */
export interface CephAsk {
  readonly root: string;
  /** Absolute, and empty. */
  readonly dir: string;
  readonly onStart: (pid: number) => void;
}

/** Starts all three daemons with an empty store, and ends when S3 answers: about five seconds. */
export const startCeph = async (ask: CephAsk): Promise<Ceph> => {
  const [http, v2, v1] = await freePorts();
  const node = { ...ask, conf: join(ask.dir, "ceph.conf"), env: environmentOf(ask.root), children: [] };
  await prepare(node, { v2, v1, http });
  const stop = () => stopAll(node);
  try {
    await start(node, "ceph-mon", ["-i", "a"]);
    await start(node, "ceph-osd", ["-i", "0"]);
    await start(node, "radosgw", ["-n", "client.rgw"]);
    // Making the account waits by itself until the disk is there.
    await Promise.all([makeAccount(node), answers(node, `http://127.0.0.1:${http}`)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: `http://127.0.0.1:${http}`, stop };
};

interface CephNode extends CephAsk {
  readonly conf: string;
  readonly env: NodeJS.ProcessEnv;
  readonly children: ChildProcess[];
}

interface Ports {
  readonly http: number;
  readonly v2: number;
  readonly v1: number;
}

/** Three that nobody has at this moment; they are held together, so they differ. */
const freePorts = async (): Promise<readonly [number, number, number]> => {
  const servers = [createServer(), createServer(), createServer()] as const;
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address !== null) ports.push(address.port);
  }
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  const [a = 0, b = 0, c = 0] = ports;
  return [a, b, c];
};

const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

/** A folder of libraries: unpacked, or the machine's own where Ceph is installed there. */
const libraries = (root: string, name: string): string => {
  const own = join(root, "usr/lib", triplet, name);
  return existsSync(own) ? own : join("/usr/lib", triplet, name);
};

const environmentOf = (root: string): NodeJS.ProcessEnv => {
  const folders = ["usr/lib", "lib"].flatMap((top) => [join(root, top, triplet), join(root, top, triplet, "ceph")]);
  return {
    PATH: `${join(root, "usr/bin")}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    LD_LIBRARY_PATH: folders.join(":"),
    HOME: process.env["HOME"] ?? "/",
    LC_ALL: "C",
  };
};

/**
 * What the settings are for: one copy of everything, nothing waits for a quorum, the room of a removed
 * object is free within seconds (usually hours), and nothing outside of the folder is touched.
 */
const configurationOf = ({ root, dir }: CephAsk, { http, v2, v1 }: Ports, fsid: string): string => `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = ${dir}/keyring
auth allow insecure global id reclaim = true
mon warn on insecure global id reclaim allowed = false
paxos propose interval = 0.02
paxos min wait = 0.01
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon warn on pool no redundancy = false
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
mon cluster log to file = false
mon osd full ratio = 0.99
mon osd nearfull ratio = 0.98
run dir = ${dir}
admin socket =
log file = ${dir}/$name.log
mon data = ${dir}/mon
osd data = ${dir}/osd
osd objectstore = bluestore
osd class dir = ${libraries(root, "rados-classes")}
osd class load list = *
osd class default list = *
erasure code dir = ${libraries(root, "ceph")}/erasure-code
plugin dir = ${libraries(root, "ceph")}
bluestore block size = 21474836480
bluestore block path =
bluestore block db size = 0
bluestore block wal size = 0
bluestore fsck on mount = false
osd memory target = 939524096
rgw frontends = beast endpoint=127.0.0.1:${http}
rgw data = ${dir}/rgw
rgw enable apis = s3, admin
rgw enable usage log = false
rgw dns name = localhost
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
`;

const keys: readonly (readonly string[])[] = [
  ["-n", "mon.", "--cap", "mon", "allow *"],
  ["-n", "client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"],
  ["-n", "client.rgw", "--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"],
  ["-n", "osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"],
];

/**
 * The monitor begins with a map that knows the disk already, and with everybody's keys, so that nobody has to ask it for anything. That
 * is what usually needs Ceph's command line, which is a Python program.
 */
const prepare = async (node: CephNode, ports: Ports): Promise<void> => {
  const { dir, conf } = node;
  const fsid = randomUUID();
  for (const folder of ["mon", "osd", "rgw"]) await mkdir(join(dir, folder), { recursive: true });
  await writeFile(conf, configurationOf(node, ports, fsid));
  const tool = (program: string, ...words: readonly string[]) => run(program, [...words], { env: node.env, cwd: dir });
  for (const [at, key] of keys.entries()) {
    await tool("ceph-authtool", ...(at === 0 ? ["--create-keyring"] : []), "keyring", "--gen-key", ...key);
  }
  const addresses = `[v2:127.0.0.1:${ports.v2},v1:127.0.0.1:${ports.v1}]`;
  await tool("monmaptool", "--create", "--fsid", fsid, "--addv", "a", addresses, "monmap");
  await tool("osdmaptool", "--createsimple", "1", "osdmap");
  const maps = ["--monmap", "monmap", "--osdmap", "osdmap", "--keyring", "keyring"];
  const disk = ["--osd-uuid", randomUUID(), "--no-mon-config", "--monmap", "monmap"];
  await Promise.all([
    tool("ceph-mon", "-c", conf, "-i", "a", "--mkfs", ...maps),
    tool("ceph-osd", "-c", conf, "-i", "0", "--mkfs", ...disk),
  ]);
};

const start = async (node: CephNode, program: string, words: readonly string[]): Promise<void> => {
  const out = await open(join(node.dir, `${program}.out`), "a");
  try {
    const all = ["-c", node.conf, ...words, "-f"];
    const child = spawn(program, all, { cwd: node.dir, env: node.env, stdio: ["ignore", out.fd, out.fd] });
    node.children.push(child);
    await once(child, "spawn");
    if (child.pid !== undefined) node.onStart(child.pid);
  } finally {
    await out.close();
  }
};

const startMs = 90_000;

const makeAccount = async ({ conf, env, onStart }: CephNode): Promise<void> => {
  const names = ["--uid=test", "--display-name=test"];
  const secret = [`--access-key=${account.accessKeyId}`, `--secret-key=${account.secretAccessKey}`];
  const words = ["-c", conf, "-n", "client.rgw", "user", "create", ...names, ...secret];
  const making = run("radosgw-admin", words, { env, timeout: startMs, maxBuffer: 16_000_000 });
  if (making.child.pid !== undefined) onStart(making.child.pid);
  await making;
};

const answers = async (node: CephNode, endpoint: string): Promise<void> => {
  for (const giveUpAt = Date.now() + startMs; ; ) {
    const isThere = await fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (isThere) return;
    const ended = node.children.find((child) => child.exitCode !== null || child.signalCode !== null);
    if (ended !== undefined) throw new Error(`${ended.spawnfile} ended: ${await lastWords(node, ended)}`);
    if (Date.now() > giveUpAt) throw new Error(`Ceph did not answer within ${startMs / 1_000} s`);
    await pause(100);
  }
};

const lastWords = async ({ dir }: CephNode, { spawnfile }: ChildProcess): Promise<string> => {
  const text = await readFile(join(dir, `${spawnfile}.out`), "utf8").catch(() => "");
  return text.trim().split("\n").slice(-3).join(" ");
};

const stopAll = async ({ children }: CephNode): Promise<void> => {
  const living = children.filter((child) => child.exitCode === null && child.signalCode === null);
  await Promise.all(
    living.map(async (child) => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }),
  );
};

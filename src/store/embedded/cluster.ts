import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import { type Account, accountFor, asAccount, type Command } from "#store/embedded/account.ts";
import { type Binaries, findBinaries, letOthersRun, useYourOwn } from "#store/embedded/binaries.ts";
import { isAlive } from "#store/embedded/process.ts";

/** A folder with one Postgres cluster: `data/`, and beside it `password`, `port` and `postgres.log`. */
export interface Cluster {
  readonly dir: string;
  readonly data: string;
  readonly logFile: string;
  readonly account: Account | null;
  readonly binaries: Binaries;
  readonly password: string;
  /** No waiting for the disk: for tests, whose data may be lost. */
  readonly fast: boolean;
}

/** The user and the database that Daybreak works with; the user owns the database and is no superuser. */
export const ownName = "daybreak";

/** Opens the cluster in `dir`, made when missing. A half-made one is never seen: it is made beside its place and then renamed. */
export const openCluster = async (ask: {
  readonly dir: string;
  readonly fast: boolean;
  readonly onProgress: (words: string) => void;
}): Promise<Cluster> => {
  const dir = resolve(ask.dir);
  const data = join(dir, "data");
  const binaries = await findBinaries();
  const account = await accountFor(data);
  if (account !== null) await letOthersRun(binaries);
  try {
    await ownFolder(dir, account);
    const password = await keptPassword(join(dir, "password"));
    const cluster = { dir, data, logFile: join(dir, "postgres.log"), account, binaries, password, fast: ask.fast };
    if ((await versionOf(cluster)) === null) {
      ask.onProgress("Making the database");
      await makeCluster(cluster);
    }
    return cluster;
  } catch (error) {
    throw isFault(error) ? error : notUsable(dir, error);
  }
};

const notUsable = (dir: string, cause: unknown): Fault => {
  const hint = "use the account that made the folder, or another folder (setting `home`)";
  return new Fault("store.embedded", `The database's folder ${dir} can't be used: ${wordsOf(cause)}`, { hint, cause });
};

const ownFolder = async (dir: string, account: Account | null): Promise<void> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  if (account !== null) await chown(dir, account.uid, account.gid);
};

/** In the name of what is being made: whose it is, so that it can be removed when its process is dead. */
const draftMark = (): string => `${process.pid}-${randomBytes(4).toString("hex")}`;

/** Whoever comes first decides the password; a second process at the same moment reads the first one's. */
const keptPassword = async (file: string): Promise<string> => {
  const draft = `${file}.${draftMark()}.tmp`;
  await writeFile(draft, randomBytes(24).toString("base64url"), { mode: 0o600 });
  await link(draft, file).catch(unlessThere);
  await rm(draft);
  return (await readFile(file, "utf8")).trim();
};

const unlessThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EEXIST") throw error;
};

const versionOf = async ({ data, binaries }: Cluster): Promise<string | null> => {
  const made = await readFile(join(data, "PG_VERSION"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (made === null || made.trim() === binaries.major) return made;
  const what = `The database in ${data} was made by Postgres ${made.trim()}; this Daybreak brings Postgres ${binaries.major}.`;
  throw new Fault("store.embedded", what, {
    hint: `start the Daybreak that made it and take a dump there, ${useYourOwn}`,
  });
};

const makeCluster = async (cluster: Cluster): Promise<void> => {
  await removeDrafts(cluster.dir);
  const draft = join(cluster.dir, `data.${draftMark()}.tmp`);
  await runTool(cluster, { file: cluster.binaries.initdb, args: initOptions(draft, cluster.fast) });
  await runTool(
    cluster,
    { file: cluster.binaries.postgres, args: ["--single", "-j", "-D", draft, "postgres"] },
    setup(cluster.password),
  );
  // Only Daybreak's own user gets in, from this machine; the superuser has no password and no way in at all.
  await writeFile(join(draft, "pg_hba.conf"), `host all ${ownName} 127.0.0.1/32 scram-sha-256\n`);
  await rename(draft, cluster.data).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true });
    // Another process was faster.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
};

/** What a killed process left half-made. */
const removeDrafts = async (dir: string): Promise<void> => {
  for (const name of await readdir(dir)) {
    const pid = /^\w+\.(\d+)-\w+\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !(await isAlive(Number(pid)))) await rm(join(dir, name), { recursive: true, force: true });
  }
};

/** Postgres' own locale provider sorts and folds alike on every machine, whatever the system's library knows. */
const initOptions = (draft: string, fast: boolean): readonly string[] => [
  `--pgdata=${draft}`,
  "--username=postgres",
  "--auth=reject",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  ...(fast ? ["--no-sync"] : []),
];

const setup = (password: string): string =>
  [
    `create role ${ownName} login createdb password '${password}';`,
    `create database ${ownName} owner ${ownName};`,
  ].join("\n\n\n");

/** The environment of Postgres' programs: nothing of ours, and messages in English, since they are read. */
export const plainEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
  LC_ALL: "C",
  TZ: "UTC",
});

const runTool = async ({ account }: Cluster, command: Command, input = ""): Promise<void> => {
  const { file, args } = await asAccount(account, command);
  const child = spawn(file, args, { cwd: "/", env: plainEnvironment(), timeout: 120_000 });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = await new Promise<string | null>((done) => {
    child.on("error", (error) => done(error.message));
    child.on("close", (code, signal) => done(code === 0 ? null : `exit ${code ?? signal}`));
  });
  if (ended === null && !/\b(ERROR|FATAL|PANIC):/.test(said)) return;
  const words = said.trim().split("\n").slice(-5).join(" · ");
  const hint = `look at free disk space and at who owns the folder, ${useYourOwn}`;
  throw new Fault("store.embedded", `The database could not be made (${ended ?? "refused"}): ${words}`, { hint });
};

import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { Fault } from "#model/fault.ts";
import { useYourOwn } from "#store/embedded/binaries.ts";

const execute = promisify(execFile);

/** The system account that Postgres runs as when Daybreak itself runs as root, which Postgres refuses for itself. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const accountName = "daybreak";

/** The account for a data folder: its owner, or the system user `daybreak`, which is made when missing; `null` unless we are root. */
export const accountFor = async (dataFolder: string): Promise<Account | null> => {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(dataFolder).catch(() => null);
  if (owner !== null && owner.uid !== 0) return owner;
  return (await namedAccount(accountName)) ?? (await madeAccount()) ?? (await nobody());
};

const namedAccount = async (name: string): Promise<Account | null> => {
  const lines = (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n");
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
};

const madeAccount = async (): Promise<Account | null> => {
  const options = [
    "--system",
    "--user-group",
    "--no-create-home",
    "--home-dir",
    "/nonexistent",
    "--shell",
    "/usr/sbin/nologin",
  ];
  // Where it can't be made (a read-only system, no useradd), `nobody` serves, which every system has.
  await execute("useradd", [...options, accountName], { timeout: 20_000 }).catch(() => undefined);
  return namedAccount(accountName);
};

const nobody = async (): Promise<Account> => {
  const account = await namedAccount("nobody");
  if (account !== null) return account;
  const hint = `run Daybreak as an ordinary user, ${useYourOwn}`;
  throw new Fault("store.embedded", "Postgres doesn't run as root, and no other account could be made.", { hint });
};

/** A program with its arguments. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * The command as `account` runs it. The project often lies where only root may look (`/root`), so the account keeps one ability of
 * root: to pass through folders and read. Nobody gains by it who can only send SQL: the database's own user is not a superuser.
 */
export const asAccount = async (account: Account | null, { file, args }: Command): Promise<Command> => {
  if (account === null) return { file, args };
  const ability = await readingAbility();
  const kept = ability === null ? "-all" : `-all,+${ability}`;
  const options = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    "--clear-groups",
    `--inh-caps=${kept}`,
    `--ambient-caps=${kept}`,
  ];
  // Without this bit `access()` asks for the account alone, and initdb finds its own postgres "not executable".
  const bits = ability === null ? [] : ["--securebits=+no_setuid_fixup"];
  return { file: "setpriv", args: [...options, `--bounding-set=${kept}`, ...bits, "--", file, ...args] };
};

/** Containers often lack the narrow ability and have the wide one. */
const readingAbility = async (): Promise<"dac_read_search" | "dac_override" | null> => {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const held = Number.parseInt(/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1]?.slice(-8) ?? "0", 16);
  if ((held & 4) !== 0) return "dac_read_search";
  return (held & 2) === 0 ? null : "dac_override";
};

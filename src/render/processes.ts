import { readdir, readFile } from "node:fs/promises";

/** True while a process with this number exists. */
export const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
};

/** Ends a process group at once, the browser with all its children; a group that is gone is no trouble. */
export const killGroup = (pid: number): void => {
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {}
};

/** The process numbers of a group, zombies among them; empty where there is no /proc. */
export const groupMembers = async (group: number): Promise<readonly GroupMember[]> => {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(readMember));
  return found.filter((member) => member !== null && member.group === group) as GroupMember[];
};

/** One process of a group: its number, and `Z` as its state when nobody has collected it. */
export interface GroupMember {
  readonly pid: number;
  readonly group: number;
  readonly state: string;
}

const readMember = async (pid: string): Promise<GroupMember | null> => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The name in brackets may itself hold brackets and blanks, so the fields are counted from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid: Number(pid), state: fields[0] ?? "?", group: Number(fields[2]) };
};

/**
 * Megabytes that the process group holds for itself. File pages are left out: each process of a browser maps the same 200 MB
 * program, and counting that five times would say nothing about growth. `null` where there is no /proc.
 */
export const groupMegabytes = async (group: number): Promise<number | null> => {
  const members = await groupMembers(group);
  if (members.length === 0) return null;
  const kilobytes = await Promise.all(members.map(({ pid }) => ownKilobytes(pid)));
  return Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1024);
};

const ownKilobytes = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const named = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return named("RssAnon") + named("RssShmem");
};

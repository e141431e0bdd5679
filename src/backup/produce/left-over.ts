/**
 * What a producer that is under way has outside scratch: its process group, which outlives a daemon that is killed, and the file whose
 * name it took. Written down beside scratch, so that who makes the archive anew ends the one and removes the other first.
 */
import { appendFile, readdir, readFile, rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

type Note =
  | { readonly group: number; readonly since: string | null; readonly boot: string | null }
  | { readonly claim: string };

/** Writes down what is under way for one scratch folder. */
export interface Notes {
  /** A process group, by the number of its first process. */
  group(pid: number): Promise<void>;
  /** A file outside scratch whose name was free. */
  claim(path: string): Promise<void>;
  /** Nothing is under way any more. */
  forget(): Promise<void>;
}

const noteFile = (scratch: string): string => `${scratch}.running`;

const readable = async (path: string): Promise<string | null> => await readFile(path, "utf8").catch(() => null);

/** Fields of /proc/PID/stat behind the name, which may itself hold brackets and blanks: state, parent, group, … */
const fieldsOf = async (pid: number): Promise<readonly string[] | null> => {
  const stat = await readable(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
};

/** When a process began, in ticks since the machine did: with its number it names the process for good. */
const beganAt = async (pid: number): Promise<string | null> => (await fieldsOf(pid))?.[19] ?? null;

const bootOf = async (): Promise<string | null> => (await readable("/proc/sys/kernel/random/boot_id"))?.trim() ?? null;

/** Notes for a scratch folder. A note that can't be written costs no archive. */
export const notesFor = (scratch: string): Notes => {
  const write = async (note: Note): Promise<void> =>
    await appendFile(noteFile(scratch), `${JSON.stringify(note)}\n`, { mode: 0o600 }).catch(() => undefined);
  return {
    group: async (pid) => await write({ group: pid, since: await beganAt(pid), boot: await bootOf() }),
    claim: async (path) => await write({ claim: path }),
    forget: async () => await rm(noteFile(scratch), { force: true }).catch(() => undefined),
  };
};

const noteOf = (line: string): readonly Note[] => {
  try {
    return [JSON.parse(line) as Note];
  } catch {
    // The last line of a process that was killed while it wrote.
    return [];
  }
};

/** True while a process of the group can still do something; false where there is no /proc. */
const hasMembers = async (group: number): Promise<boolean> => {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const fields = await Promise.all(pids.map((pid) => fieldsOf(Number(pid))));
  return fields.some((each) => Number(each?.[2]) === group && each?.[0] !== "Z");
};

/** The number of a group stays taken while it has members; a first process of another age is somebody else's. */
const isStillTheirs = async ({ group, since, boot }: Extract<Note, { readonly group: number }>): Promise<boolean> => {
  if (since === null || boot === null || boot !== (await bootOf())) return false;
  const began = await beganAt(group);
  return began === null ? await hasMembers(group) : began === since;
};

const kill = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal);
  } catch {
    // It ended by itself.
  }
};

const WAIT_MS = 5_000;
const STEP_MS = 20;

/** Waits until nothing of a group can do anything any more, or for five seconds. */
export const groupGone = async (group: number): Promise<void> => {
  for (let waited = 0; waited < WAIT_MS && (await hasMembers(group)); waited += STEP_MS) await pause(STEP_MS);
};

const endGroup = async (group: number): Promise<void> => {
  kill(group, "SIGTERM");
  await groupGone(group);
  kill(group, "SIGKILL");
  await groupGone(group);
};

/** Ends what a dead process had under way for this scratch folder, and removes the file that it had begun elsewhere. */
export const endLeftOver = async (scratch: string): Promise<void> => {
  const notes = ((await readable(noteFile(scratch))) ?? "").split("\n").flatMap(noteOf);
  for (const note of notes) if ("group" in note && (await isStillTheirs(note))) await endGroup(note.group);
  for (const note of notes) if ("claim" in note) await rm(note.claim, { force: true }).catch(() => undefined);
  await notesFor(scratch).forget();
};

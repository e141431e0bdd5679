/**
 * Tableau Server's own backup. From documentation ("tsm maintenance", "tsm settings", "tsm configuration"), not verified against a server:
 * the archive is assembled inside the data folder and lands in `basefilepath.backuprestore` as `<name>.tsbak`; it holds the repository
 * and the files, but not the configuration, which `tsm settings export` writes. Both are run by a member of the group `tsmadmin`,
 * signed in by `tsm login` or by being one.
 */
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Produced } from "#backup/port.ts";
import { type Ended, runCommand } from "#backup/produce/command.ts";
import { failed } from "#backup/produce/failed.ts";
import { finish } from "#backup/produce/finished.ts";
import type { Making } from "#backup/produce/making.ts";
import { versionOf } from "#backup/produce/programs.ts";

type Ask = Making<"tableau">;

const tsm = async (
  { producer, scratch, environment, signal, patience, notes }: Ask,
  words: readonly string[],
): Promise<Ended> => {
  const name = `tsm ${words.slice(0, 2).join(" ")}`;
  return await runCommand({
    line: { words: [producer.tsm, ...words] },
    name,
    cwd: scratch,
    environment,
    out: null,
    signal,
    patience,
    onStarted: notes.group,
  });
};

/** Where tsm puts archives. */
export const tsmFolder = async (ask: Ask): Promise<string> => {
  if (ask.producer.dir !== null) return ask.producer.dir;
  const { said } = await tsm(ask, ["configuration", "get", "-k", "basefilepath.backuprestore"]);
  const dir = said.split("\n").at(-1)?.trim() ?? "";
  if (/^(?:\/|[A-Za-z]:[\\/])/.test(dir)) return dir;
  const hint = "name the folder by `tableau: { dir: … }`";
  throw failed("tsm doesn't say in which folder its archives lie.", { words: said, hint, retry: "never" });
};

const isThere = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );

/** A name that nothing has yet: tsm refuses one that is taken, and what lies there may be a half archive of a run that was killed. */
const freeStem = async (dir: string, stem: string): Promise<string> => {
  for (let n = 1; n < 1_000; n += 1) {
    const name = n === 1 ? stem : `${stem}-${n}`;
    if (!(await isThere(join(dir, `${name}.tsbak`)))) return name;
  }
  throw failed(`${dir} has too many archives named ${stem}.`, { hint: "remove the old ones" });
};

/** First the settings, which take seconds: were they missing, an hour of backup would be in vain. */
const exportSettings = async (ask: Ask): Promise<string> => {
  const path = join(ask.scratch, "settings.json");
  const { words } = await tsm(ask, ["settings", "export", "-f", path]);
  const read = await readFile(path, "utf8").catch(() => "");
  if (isObject(read)) return path;
  throw failed("tsm settings export ended well, but wrote no settings.", { words });
};

const isObject = (text: string): boolean => {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && Object.keys(read).length > 0;
  } catch {
    return false;
  }
};

const backUp = async (ask: Ask, path: string, stem: string): Promise<Ended> => {
  // Without --ignore-prompt it would ask whether to go on and wait; with --append-date the date would stand in the name twice.
  const words = ["maintenance", "backup", "-f", stem, "--ignore-prompt", ...ask.producer.flags];
  try {
    const ended = await tsm(ask, words);
    await finish({ path, extension: "tsbak", by: "tsm maintenance backup", words: ended.words || ended.said });
    return ended;
  } catch (error) {
    // Ours alone: the name was free when we began. Left behind, half archives would fill the server's disk.
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
};

/** `tsm maintenance backup`, with `tsm settings export` beside it. The archive stays where tsm puts it. */
export const backUpTableau = async (ask: Ask): Promise<Produced> => {
  const dir = await tsmFolder(ask);
  const settings = await exportSettings(ask);
  const stem = await freeStem(dir, ask.stem);
  const path = join(dir, `${stem}.tsbak`);
  await ask.notes.claim(path);
  const { words } = await backUp(ask, path, stem);
  const { environment, scratch, producer } = ask;
  const version = await versionOf(producer.tsm, { environment, cwd: scratch, words: ["version"] });
  return { path, extension: "tsbak", inScratch: false, beside: [settings], words, version };
};

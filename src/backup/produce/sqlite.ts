import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Produced } from "#backup/port.ts";
import { runCommand } from "#backup/produce/command.ts";
import { failed } from "#backup/produce/failed.ts";
import { finish } from "#backup/produce/finished.ts";
import type { Making } from "#backup/produce/making.ts";
import { wordsOf } from "#model/fault.ts";

// The emitted program has the same files under another extension.
const copier = fileURLToPath(new URL(`copy-sqlite${extname(import.meta.url)}`, import.meta.url));

const judgeSource = async (file: string): Promise<void> => {
  const found = await stat(file).catch((cause: unknown) => {
    const hint = "correct `sqlite`, or let the user that runs Daybreak read the file";
    throw failed(`${file} can't be read: ${wordsOf(cause)}.`, { hint, cause });
  });
  if (!found.isFile() || found.size === 0)
    throw failed(`${file} is no SQLite database.`, { hint: "correct `sqlite`", retry: "never" });
};

/**
 * SQLite's own online backup, and a check of the copy. In a process of its own: the check reads the whole database without a pause, and
 * would let every lease of this one run out.
 */
export const copySqlite = async (making: Making<"sqlite">): Promise<Produced> => {
  const { producer, scratch, stem, extension, environment, signal, patience, notes } = making;
  await judgeSource(producer.file);
  const path = join(scratch, `${stem}.${extension}`);
  const words = [process.execPath, "--no-warnings", copier, producer.file, path];
  const name = "The copy of the SQLite database";
  const ended = await runCommand({
    line: { words },
    name,
    cwd: scratch,
    environment,
    out: null,
    signal,
    patience,
    onStarted: notes.group,
  });
  await finish({ path, extension, by: name, words: ended.words });
  return { path, extension, inScratch: true, beside: [], words: ended.words, version: ended.said || null };
};

import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Produced } from "#backup/port.ts";
import { runCommand } from "#backup/produce/command.ts";
import { failed } from "#backup/produce/failed.ts";
import { finish } from "#backup/produce/finished.ts";
import type { Making } from "#backup/produce/making.ts";

type Ask = Making<"command">;

const marksOf = async (path: string): Promise<string | null> =>
  await stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
    () => null,
  );

const run = async ({ producer, scratch, stem, environment, signal, patience, notes }: Ask, out: string | null) =>
  await runCommand({
    line: producer.run,
    name: "The command",
    cwd: scratch,
    environment: { ...environment, DAYBREAK_STEM: stem, DAYBREAK_SCRATCH: scratch },
    out,
    signal,
    patience,
    onStarted: notes.group,
  });

const fromOutput = async (ask: Ask): Promise<Produced> => {
  const { producer, scratch, stem, extension } = ask;
  const path = join(scratch, `${stem}.${extension}`);
  const { words } = await run(ask, path);
  await finish({ path, extension, by: "The command", begins: producer.begins, words });
  return { path, extension, inScratch: true, beside: [], words, version: null };
};

const fromFile = async (ask: Ask, file: string): Promise<Produced> => {
  const { producer, scratch, extension } = ask;
  const path = isAbsolute(file) ? file : join(scratch, file);
  const before = await marksOf(path);
  const { words } = await run(ask, null);
  const after = await marksOf(path);
  // A command that did nothing and ended well would pass last week's file off as today's.
  if (before !== null && before === after)
    throw failed(`The command ended well, but ${path} is the file that was there before.`, { words });
  await finish({ path, extension, by: "The command", begins: producer.begins, words });
  return { path, extension, inScratch: !isAbsolute(file), beside: [], words, version: null };
};

/** An operator's own command: its file, or what it says on its standard output. */
export const runCustom = async (ask: Ask): Promise<Produced> =>
  ask.producer.file === null ? await fromOutput(ask) : await fromFile(ask, ask.producer.file);

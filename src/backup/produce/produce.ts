import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Produce, ProduceAsk, Produced } from "#backup/port.ts";
import { runCustom } from "#backup/produce/custom.ts";
import { failed, isDiskFull } from "#backup/produce/failed.ts";
import { packFolder } from "#backup/produce/folder.ts";
import { endLeftOver, type Notes, notesFor } from "#backup/produce/left-over.ts";
import type { ProducerParts } from "#backup/produce/making.ts";
import { dumpOwn } from "#backup/produce/own.ts";
import { dumpPostgres } from "#backup/produce/postgres.ts";
import { copySqlite } from "#backup/produce/sqlite.ts";
import { backUpTableau } from "#backup/produce/tableau.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";

const make = async (ask: Noted, parts: ProducerParts): Promise<Produced> => {
  const { producer } = ask;
  const rest = { ...ask, ...parts };
  switch (producer.kind) {
    case "tableau":
      return await backUpTableau({ ...rest, producer });
    case "postgres":
      return await dumpPostgres({ ...rest, producer });
    case "own":
      return await dumpOwn({ ...rest, producer });
    case "sqlite":
      return await copySqlite({ ...rest, producer });
    case "folder":
      return await packFolder({ ...rest, producer });
    case "command":
      return await runCustom({ ...rest, producer });
  }
};

type Noted = Omit<ProduceAsk, "timeoutMs"> & { readonly notes: Notes };

/** The longest time that a timer of Node can count. */
const LONGEST_MS = 2 ** 31 - 1;

const inWords = (ms: number): string => {
  if (ms < 60_000) return `${ms / 1_000} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 6_000) / 10} min` : `${Math.round(ms / 360_000) / 10} h`;
};

const bounded = ({ signal, timeoutMs }: ProduceAsk) => {
  const over = new AbortController();
  const slow = failed(`It took longer than ${inWords(timeoutMs)}, and was ended with all that it had started.`, {
    hint: "if it is only slow, raise `timeout` of this backup",
  });
  const timer = setTimeout(() => over.abort(slow), Math.min(timeoutMs, LONGEST_MS));
  return { signal: AbortSignal.any([signal, over.signal]), [Symbol.dispose]: () => clearTimeout(timer) };
};

/** What a failed producer left in scratch: half a dump would fill the disk by and by. */
const sweep = async (scratch: string, before: ReadonlySet<string>): Promise<void> => {
  const left = (await readdir(scratch).catch(() => [])).filter((name) => !before.has(name));
  for (const name of left) await rm(join(scratch, name), { recursive: true, force: true }).catch(() => undefined);
};

const faultOf = (error: unknown, signal: AbortSignal): Fault => {
  if (isFault(error)) return error;
  if (isDiskFull(error)) {
    const hint = "free some space, or name a folder on a larger disk by `scratch`";
    return failed("The disk was full before the archive was made.", { hint, cause: error });
  }
  if (!signal.aborted) return failed(`The archive could not be made: ${wordsOf(error)}.`, { cause: error });
  const hint = "it is made again after the start";
  return new Fault("run.aborted", "The making of the archive was ended.", { hint, retry: "later", cause: error });
};

/** Makes archives by every kind of producer, each within its time, and leaves nothing of a failed one. */
export const producer = (parts: ProducerParts): Produce => {
  return async (ask) => {
    using bound = bounded(ask);
    const { signal } = bound;
    const before = await openScratch(ask.scratch);
    const notes = notesFor(ask.scratch);
    try {
      signal.throwIfAborted();
      return await make({ ...ask, signal, notes }, parts);
    } catch (error) {
      await sweep(ask.scratch, before);
      throw faultOf(signal.aborted ? spoken(signal.reason, error) : error, signal);
    } finally {
      await notes.forget();
    }
  };
};

/** Of two faults that say the same end, the one that also has the command's last words. */
const spoken = (reason: unknown, error: unknown): unknown => (isFault(error) && isFault(reason) ? error : reason);

const openScratch = async (scratch: string): Promise<ReadonlySet<string>> => {
  try {
    await endLeftOver(scratch);
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    return new Set(await readdir(scratch));
  } catch (cause) {
    const hint = "name a folder that the user that runs Daybreak may write to by `scratch`";
    throw failed(`${scratch} can't be used: ${wordsOf(cause)}.`, { hint, cause });
  }
};

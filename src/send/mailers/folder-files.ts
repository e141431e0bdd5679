import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault, wordsOf } from "#model/fault.ts";
import type { Temporal } from "#model/time.ts";

/** An email that was put down, by what its file's name and its head say. */
export interface PutDown {
  readonly deliveryId: string;
  readonly messageId: string;
}

/** Where headers end, unless somebody has very many recipients. */
const headBytes = 65_536;

/** Removes emails from a folder that the folder mailer has put there; how many. A file of another installation with the same number stays. */
export const removePutDown = async (dir: string, emails: readonly PutDown[]): Promise<number> => {
  const messageIds = new Map(emails.map(({ deliveryId, messageId }) => [deliveryId, messageId]));
  let removed = 0;
  for (const name of await namesIn(dir)) {
    const messageId = messageIds.get(/_([^_]+)\.eml$/.exec(name)?.[1] ?? "");
    if (messageId === undefined || !(await headOf(join(dir, name))).includes(messageId)) continue;
    await guarded(dir, rm(join(dir, name), { force: true }));
    removed += 1;
  }
  return removed;
};

/** Removes emails from a folder that were put there before a time, and nothing else; how many. */
export const removeOldFiles = async (dir: string, before: Temporal.Instant): Promise<number> => {
  let removed = 0;
  for (const name of (await namesIn(dir)).filter((one) => one.endsWith(".eml"))) {
    const path = join(dir, name);
    if ((await guarded(dir, stat(path))).mtimeMs >= before.epochMilliseconds) continue;
    await guarded(dir, rm(path, { force: true }));
    removed += 1;
  }
  return removed;
};

const namesIn = (dir: string): Promise<readonly string[]> =>
  guarded(
    dir,
    readdir(dir).catch((cause: unknown) => {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
      throw cause;
    }),
  );

const headOf = async (path: string): Promise<string> => {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.toString("latin1", 0, bytesRead);
};

const guarded = async <T>(dir: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (cause) {
    const hint = "look at the folder's rights, then erase once more";
    throw new Fault("send.temporary", `the outbox ${dir} can't be used: ${wordsOf(cause)}`, {
      hint,
      retry: "later",
      cause,
    });
  }
};

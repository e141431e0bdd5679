import { createHash } from "node:crypto";
import { DeleteObjectCommand, DeleteObjectsCommand, type DeleteObjectsCommandOutput } from "@aws-sdk/client-s3";
import type { Removal } from "#bucket/port.ts";
import type { HowSent, S3Door } from "#bucket/s3-door.ts";
import { see } from "#bucket/s3-faults.ts";
import { headOf } from "#bucket/s3-objects.ts";
import { wordsOf } from "#model/fault.ts";
import { before } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";

/** Most keys that one request may name. */
const atOnce = 1_000;

/** Removes many keys; the answer says of each what became of it, also where the server answered 200 with errors in it. */
export const removeMany = async (door: S3Door, clock: Clock, keys: readonly string[]): Promise<readonly Removal[]> => {
  const removals: Removal[] = [];
  for (let from = 0; from < keys.length; from += atOnce) {
    removals.push(...(await removeBatch(door, keys.slice(from, from + atOnce))));
  }
  return await Promise.all(removals.map((removal) => withLock(door, clock, removal)));
};

const removeBatch = async (door: S3Door, keys: readonly string[]): Promise<readonly Removal[]> => {
  const output = await askForMany(door, keys);
  if (output === null) return await oneByOne(door, keys);
  const answers = new Map<string, Removal>();
  for (const { Key = "", DeleteMarker } of output.Deleted ?? []) {
    answers.set(Key, { key: Key, outcome: DeleteMarker === true ? "marked" : "removed", words: "" });
  }
  for (const { Key = "", Code = "", Message = "" } of output.Errors ?? []) {
    answers.set(Key, { key: Key, outcome: "failed", words: [Code, Message].filter(Boolean).join(": ") });
  }
  return keys.map(
    (key) => answers.get(key) ?? { key, outcome: "failed", words: "the server said nothing about this key" },
  );
};

/** `null`: this server has no way of removing many. */
const askForMany = (door: S3Door, keys: readonly string[]): Promise<DeleteObjectsCommandOutput | null> =>
  door.send(async (client, how) => {
    const send = (more: HowSent, withMd5: boolean) => client.send(commandFor(door, keys, withMd5), more);
    try {
      return await send(how, false);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
    try {
      return await send(how, true);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return null;
    }
  });

const isRefused = (error: unknown): boolean => {
  const { status, code, words } = see(error);
  if (status === 501 || status === 405 || status === 411) return true;
  return status === 400 && /md5|digest|checksum|InvalidRequest|MalformedXML|NotImplemented/i.test(`${code} ${words}`);
};

/** Older servers want an MD5 of the list, which the client no longer sends. */
const commandFor = (door: S3Door, keys: readonly string[], withMd5: boolean): DeleteObjectsCommand => {
  const Objects = keys.map((Key) => ({ Key }));
  const command = new DeleteObjectsCommand({ Bucket: door.bucket, Delete: { Objects, Quiet: false } });
  if (!withMd5) return command;
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { readonly body?: string; headers: Record<string, string> };
      const digest = createHash("md5")
        .update(request.body ?? "")
        .digest("base64");
      request.headers["content-md5"] = digest;
      return next(args);
    },
    { step: "build", name: "contentMd5" },
  );
  return command;
};

const oneByOne = async (door: S3Door, keys: readonly string[]): Promise<readonly Removal[]> => {
  const removals: Removal[] = [];
  for (const key of keys) removals.push(await removeOne(door, key));
  return removals;
};

const removeOne = async (door: S3Door, key: string): Promise<Removal> => {
  const command = () => new DeleteObjectCommand({ Bucket: door.bucket, Key: key });
  try {
    const { DeleteMarker } = await door.send((client, how) => client.send(command(), how), { key });
    return { key, outcome: DeleteMarker === true ? "marked" : "removed", words: "" };
  } catch (error) {
    return { key, outcome: "failed", words: wordsOf(error) };
  }
};

/** A lock says no more than "access denied"; whether it was one shows at the object. */
const withLock = async (door: S3Door, clock: Clock, removal: Removal): Promise<Removal> => {
  if (removal.outcome !== "failed" || !/AccessDenied|refuses access|ObjectLocked|InvalidRequest/i.test(removal.words))
    return removal;
  const until = await headOf(door, removal.key).then(
    (head) => head?.lockedUntil ?? null,
    () => null,
  );
  return until !== null && before(clock.now(), until) ? { ...removal, outcome: "locked" } : removal;
};

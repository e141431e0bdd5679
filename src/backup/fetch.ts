/** An archive from its bucket into a file, in ranges, several at once; a fetch that was cut off goes on where it was. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Persistence, persist } from "#backup/persist.ts";
import type { ExpectedArchive } from "#backup/verify.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import { Fault } from "#model/fault.ts";
import { limitTo } from "#runtime/limit.ts";
import type { PassPoint } from "#runtime/point.ts";

/** What is fetched, and into which file. */
export interface FetchAsk {
  readonly bucket: ArchiveBucket;
  readonly archive: ExpectedArchive;
  /** Written as it comes; beside it lies `<path>.ranges`, which says what has arrived. */
  readonly path: string;
}

/** What fetching uses. */
export interface FetchParts extends Persistence {
  readonly passPoint?: PassPoint;
  readonly onProgress?: (bytes: number, of: number) => void;
}

const rangeBytes = 16 * 1024 * 1024;
const rangesAtOnce = 4;

/** Fetches an archive. The file is whole and its SHA-256 right when this ends; throws `backup.restore` when the bucket holds other bytes. */
export const fetchArchive = async (ask: FetchAsk, parts: FetchParts): Promise<void> => {
  const { archive, path } = ask;
  const head = await persist(() => ask.bucket.head(archive.key, parts.signal), parts);
  if (head === null) throw missingFault(archive);
  if (head.bytes !== archive.bytes) throw otherFault(archive, `it has ${head.bytes} bytes instead of ${archive.bytes}`);
  await refuseFullDisk(ask);
  await fetchRanges(ask, parts);
  if ((await hashOf(path, parts.signal)) === archive.sha256) return forgetRanges(path);
  // What lay there from an earlier try may be damaged, or bits changed on the way: all of it is fetched once more before anybody is blamed.
  await forgetRanges(path);
  await fetchRanges(ask, parts);
  await forgetRanges(path);
  if ((await hashOf(path, parts.signal)) !== archive.sha256) throw otherFault(archive, "its SHA-256 is another one");
};

const missingFault = ({ key }: ExpectedArchive): Fault =>
  new Fault("backup.restore", `“${key}” is not in the bucket.`, { hint: "take another archive: daybreak backup list" });

const otherFault = ({ key }: ExpectedArchive, how: string): Fault =>
  new Fault("backup.restore", `“${key}” is not the archive that was made: ${how}.`, {
    hint: "take another archive (daybreak backup list), and look at the bucket",
  });

/** Asked before the first byte travels, not after the last one that fits. */
const refuseFullDisk = async ({ archive, path }: FetchAsk): Promise<void> => {
  const { bavail, bsize } = await statfs(dirname(path));
  const lies = await stat(path).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );
  if (bavail * bsize + lies >= archive.bytes) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1_000_000)} MB`;
  throw new Fault(
    "backup.restore",
    `${dirname(path)} has room for ${megabytes(bavail * bsize)}, the archive has ${megabytes(archive.bytes)}.`,
    { hint: "make room, or name a file on another disk" },
  );
};

const rangesOf = (path: string): string => `${path}.ranges`;

/** Removes the note of what has arrived; the file itself stays. */
export const forgetRanges = (path: string): Promise<void> => rm(rangesOf(path), { force: true });

interface Note {
  readonly key: string;
  readonly sha256: string;
  readonly rangeBytes: number;
  readonly arrived: readonly number[];
}

/** Starts of the ranges that an earlier try has brought; none when that was another archive. */
const arrivedOf = async ({ archive, path }: FetchAsk): Promise<Set<number>> => {
  try {
    const note = JSON.parse(await readFile(rangesOf(path), "utf8")) as Note;
    const isSame = note.key === archive.key && note.sha256 === archive.sha256 && note.rangeBytes === rangeBytes;
    const { size } = await stat(path);
    return new Set(isSame && size === archive.bytes ? note.arrived : []);
  } catch {
    return new Set();
  }
};

const fetchRanges = async (ask: FetchAsk, parts: FetchParts): Promise<void> => {
  const { archive, path } = ask;
  const arrived = await arrivedOf(ask);
  const file = await open(path, arrived.size > 0 ? "r+" : "w", 0o600);
  const cut = new AbortController();
  const signal = AbortSignal.any([parts.signal, cut.signal]);
  try {
    await file.truncate(archive.bytes);
    const job: Job = { ask, file, arrived, parts: { ...parts, signal } };
    tellProgress(job);
    const limit = limitTo(rangesAtOnce);
    const works = startsOf(archive.bytes)
      .filter((from) => !arrived.has(from))
      .map((from) =>
        limit
          .run(() => fetchRange(job, from))
          .catch((error: unknown) => {
            cut.abort();
            throw error;
          }),
      );
    const failed = (await Promise.allSettled(works)).filter((work) => work.status === "rejected");
    await file.sync();
    // The first one is the cause; the others were cut short by it.
    if (failed.length > 0) throw (failed.find(({ reason }) => reason !== cut.signal.reason) ?? failed[0])?.reason;
  } finally {
    await file.close();
  }
};

interface Job {
  readonly ask: FetchAsk;
  readonly file: FileHandle;
  readonly arrived: Set<number>;
  readonly parts: FetchParts;
}

const startsOf = (bytes: number): readonly number[] =>
  Array.from({ length: Math.ceil(bytes / rangeBytes) }, (_, index) => index * rangeBytes);

const fetchRange = async (job: Job, from: number): Promise<void> => {
  const { ask, file, arrived, parts } = job;
  const to = Math.min(from + rangeBytes, ask.archive.bytes);
  await persist(() => readRange(job, { from, to }), parts);
  await file.datasync();
  arrived.add(from);
  await note(ask, arrived);
  tellProgress(job);
  await parts.passPoint?.("restore:range");
};

const readRange = async ({ ask, file, parts }: Job, range: { readonly from: number; readonly to: number }) => {
  let at = range.from;
  for await (const piece of ask.bucket.read(ask.archive.key, { range, signal: parts.signal })) {
    for (let done = 0; done < piece.byteLength; ) {
      const { bytesWritten } = await file.write(piece, done, piece.byteLength - done, at + done);
      done += bytesWritten;
    }
    at += piece.byteLength;
  }
  if (at === range.to) return;
  const hint = "it is asked for again";
  throw new Fault("bucket.io", `“${ask.archive.key}” ended in the middle of a range.`, { hint, retry: "later" });
};

const tellProgress = ({ ask, arrived, parts }: Job): void =>
  parts.onProgress?.(Math.min(arrived.size * rangeBytes, ask.archive.bytes), ask.archive.bytes);

/** Written beside and renamed, one after the other: half a note would be worse than an old one. */
const note = async ({ archive, path }: FetchAsk, arrived: ReadonlySet<number>): Promise<void> => {
  const { key, sha256 } = archive;
  const draft = `${rangesOf(path)}.${arrived.size}`;
  const words: Note = { key, sha256, rangeBytes, arrived: [...arrived] };
  await writeFile(draft, JSON.stringify(words), { mode: 0o600 });
  await rename(draft, rangesOf(path));
};

/** Hex SHA-256 of a file. */
export const hashOf = async (path: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
    hash.update(piece as Buffer);
  return hash.digest("hex");
};

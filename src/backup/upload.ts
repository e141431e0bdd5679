/** One archive into its bucket, in parts, so that it goes on where it was after a kill. Rows say what was sent; the bucket says what arrived. */
import { createHash } from "node:crypto";
import { type Persistence, persist } from "#backup/persist.ts";
import { type KnownPart, keptParts, type Part } from "#backup/plan/parts.ts";
import {
  changedFault,
  isSameFile,
  markOf,
  openSource,
  readExactly,
  type Seal,
  type SealedFile,
  type SourceFile,
} from "#backup/seal.ts";
import type { ArchiveBucket, Upload } from "#bucket/port.ts";
import type { SentPart } from "#model/backup-run.ts";
import { Fault, isFault } from "#model/fault.ts";
import type { PassPoint } from "#runtime/point.ts";

/** What was begun earlier for the same run. */
export interface BegunUpload {
  readonly id: string;
  readonly file: SealedFile;
  readonly parts: readonly SentPart[];
}

/** The memory of an upload: rows that outlive the process. */
export interface UploadRecord {
  begun(): Promise<BegunUpload | null>;
  /** Recorded before the first part is sent. */
  begin(upload: Upload, facts: { readonly file: SealedFile; readonly partBytes: number }): Promise<void>;
  keep(upload: Upload, part: SentPart): Promise<void>;
}

/** What is uploaded, and where to. */
export interface UploadAsk {
  readonly bucket: ArchiveBucket;
  readonly key: string;
  readonly seal: Seal;
  /** Names the run, so that an object that is there already is known as ours or as somebody else's. */
  readonly runId: string;
  readonly record: UploadRecord;
  /** Throws when this process may not finish it: its lock was lost. Asked right before the object appears. */
  readonly confirm: () => Promise<void>;
}

/** What the upload uses. */
export interface UploadParts extends Persistence {
  readonly passPoint: PassPoint;
  /** Told the bytes that have arrived so far. */
  readonly onProgress?: (bytes: number, of: number) => void;
}

/** An archive that lies whole in its bucket; nobody has read it back yet. */
export interface Uploaded {
  /** Bytes that this call sent: less than the file's after a resume. */
  readonly sentBytes: number;
}

/** The metadata of an archive's object. */
export const archiveMetadata = (runId: string, sha256: string): Readonly<Record<string, string>> => ({
  "run-id": `${runId}-${sha256.slice(0, 16)}`,
  sha256,
});

/** Uploads a sealed archive, or what is missing of it. Never replaces an object that isn't this run's own. */
export const uploadArchive = async (ask: UploadAsk, parts: UploadParts): Promise<Uploaded> => {
  const job: Job = { ask, parts };
  if (await isThere(job)) return { sentBytes: 0 };
  const { upload, kept } = await openUpload(job);
  await parts.passPoint("upload:begun");
  const sent = await sendParts(job, upload, kept);
  await finish(job, upload, sent);
  return { sentBytes: ask.seal.file.bytes - bytesOf(kept) };
};

/** One upload with all that its steps need to know. */
interface Job {
  readonly ask: UploadAsk;
  readonly parts: UploadParts;
}

const bytesOf = (parts: readonly KnownPart[]): number => parts.reduce((sum, part) => sum + part.bytes, 0);

/** A crash right after the object appeared leaves it for us to find; another object under this key is never replaced. */
const isThere = async ({ ask, parts }: Job): Promise<boolean> => {
  const { file } = ask.seal;
  const head = await persist(() => ask.bucket.head(ask.key, parts.signal), parts);
  if (head === null) return false;
  const own = archiveMetadata(ask.runId, file.sha256);
  if (head.bytes === file.bytes && head.metadata["run-id"] === own["run-id"]) return true;
  throw new Fault("bucket.exists", `“${ask.key}” is in the bucket already, and is not this archive.`, {
    hint: "nothing was replaced; the next archive of that date gets its time of day into its name",
  });
};

interface OpenedUpload {
  readonly upload: Upload;
  readonly kept: readonly KnownPart[];
}

/** Goes on with what was begun where the file is the same and the bucket still knows the upload; begins anew otherwise. */
const openUpload = async (job: Job): Promise<OpenedUpload> => {
  const { ask, parts } = job;
  const { file, cut, hashes } = ask.seal;
  const begun = await ask.record.begun();
  if (begun !== null) {
    const upload: Upload = { key: ask.key, id: begun.id };
    const arrived = await persist(() => ask.bucket.parts(upload), parts);
    if (arrived !== null && isSameFile(begun.file, file) && begun.file.sha256 === file.sha256) {
      return { upload, kept: keptParts({ cut, hashes, recorded: begun.parts, arrived }) };
    }
  }
  await abandonOthers(job);
  const upload = await persist(() => ask.bucket.begin(ask.key, archiveMetadata(ask.runId, file.sha256)), parts);
  await ask.record.begin(upload, { file, partBytes: cut.partBytes });
  return { upload, kept: [] };
};

/** The key is this run's alone, so whatever is open under it was left by a process that ended before it could record it. */
const abandonOthers = async ({ ask, parts }: Job): Promise<void> => {
  const open = await persist(() => ask.bucket.uploads(ask.key), parts);
  for (const upload of open.filter(({ key }) => key === ask.key)) {
    await persist(() => ask.bucket.abort(upload), parts);
  }
};

const sendParts = async (job: Job, upload: Upload, kept: readonly KnownPart[]): Promise<readonly KnownPart[]> => {
  const { cut, file } = job.ask.seal;
  const done = new Map(kept.map((part) => [part.n, part]));
  const queue = cut.parts.filter(({ n }) => !done.has(n));
  const cutShort = new AbortController();
  const signal = AbortSignal.any([job.parts.signal, cutShort.signal]);
  const source = await openSource(file.path);
  let bytes = bytesOf(kept);
  job.parts.onProgress?.(bytes, file.bytes);
  const work = async (): Promise<void> => {
    // One buffer for each worker, filled again and again: memory doesn't grow with the archive.
    const buffer = Buffer.allocUnsafeSlow(Math.min(cut.partBytes, file.bytes));
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const sent = await sendPart({ ...job, parts: { ...job.parts, signal } }, upload, { part, buffer, source });
      done.set(part.n, sent);
      bytes += sent.bytes;
      job.parts.onProgress?.(bytes, file.bytes);
    }
  };
  try {
    await allOrNone(
      Array.from({ length: Math.min(cut.atOnce, queue.length) }, () => work()),
      () => cutShort.abort(),
    );
  } finally {
    await source.close();
  }
  return [...done.values()].sort((a, b) => a.n - b.n);
};

/** Waits for all, also after the first has failed: nobody reads from a file that is closed. Throws what failed first. */
const allOrNone = async (works: readonly Promise<void>[], onFirstFailure: () => void): Promise<void> => {
  const failures: unknown[] = [];
  const guarded = works.map((work) =>
    work.catch((error: unknown) => {
      failures.push(error);
      onFirstFailure();
    }),
  );
  await Promise.all(guarded);
  if (failures.length > 0) throw failures[0];
};

interface PartOnItsWay {
  readonly part: Part;
  readonly buffer: Buffer;
  readonly source: SourceFile;
}

const sendPart = async (job: Job, upload: Upload, { part, buffer, source }: PartOnItsWay): Promise<KnownPart> => {
  const { ask, parts } = job;
  const bytes = buffer.subarray(0, part.to - part.from);
  await readExactly(source, bytes, part.from);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== ask.seal.hashes[part.n - 1]) throw changedFault();
  const { signal } = parts;
  const sent = await persist(() => ask.bucket.putPart(upload, part.n, { bytes, signal }), parts);
  await parts.passPoint("upload:part-sent");
  const known = { n: part.n, etag: sent.etag, bytes: bytes.byteLength };
  await ask.record.keep(upload, { ...known, sha256 });
  await parts.passPoint("upload:part");
  return known;
};

const finish = async (job: Job, upload: Upload, sent: readonly KnownPart[]): Promise<void> => {
  const { ask, parts } = job;
  const { file } = ask.seal;
  if (!isSameFile(await markOf(file.path), file)) throw changedFault();
  await parts.passPoint("upload:before-complete");
  await ask.confirm();
  try {
    await persist(() => ask.bucket.complete(upload, sent), parts);
  } catch (error) {
    // An answer that was lost on its way leaves the object, or somebody else's object was first.
    if (!isFault(error) || !(await isThere(job))) throw error;
  }
  await parts.passPoint("upload:completed");
};

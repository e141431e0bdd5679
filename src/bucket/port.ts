import type { Temporal } from "#model/time.ts";

/** Where artifacts, messages and archives lie. Keys are relative, with `/` between parts; nothing outside the bucket can be named. */
export interface Bucket {
  readonly name: string;
  /** Writes all or nothing: a reader never sees half an object. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** `null` where there is none. */
  get(key: string): Promise<Uint8Array | null>;
  /** True when there was one. */
  remove(key: string): Promise<boolean>;
  /** Keys below a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
}

/** What a bucket knows of an object without reading it. */
export interface ObjectHead {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Temporal.Instant;
  /** As it was put, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Object Lock until then; `null`: none. */
  readonly lockedUntil: Temporal.Instant | null;
}

/** An object in a listing. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Temporal.Instant;
}

/** A multipart upload that was begun. */
export interface Upload {
  readonly key: string;
  readonly id: string;
}

/** A part that the bucket has. Numbers begin at 1. */
export interface UploadedPart {
  readonly n: number;
  readonly etag: string;
  readonly bytes: number;
}

/** An upload that was neither completed nor given up. */
export interface OpenUpload extends Upload {
  readonly beganAt: Temporal.Instant;
}

/** What became of one key of a removal. `marked`: a versioned bucket keeps the bytes behind a marker. `locked`: Object Lock kept it. */
export interface Removal {
  readonly key: string;
  readonly outcome: "removed" | "marked" | "locked" | "failed";
  /** The server's own words; empty when all went well. */
  readonly words: string;
}

/** What a bucket is like; `null` where it can't say. */
export interface BucketTraits {
  /** By its own clock. */
  readonly now: Temporal.Instant | null;
  readonly versioned: boolean | null;
  readonly objectLock: boolean | null;
  /** Days after which a rule of the bucket ends abandoned uploads; `null`: no such rule. */
  readonly endsUploadsAfterDays: number | null;
}

/**
 * A bucket for archives: large objects, uploaded in parts and read in ranges. Faults: `bucket.io` (`later`: tried again; `never`: the
 * bucket is missing, the right is missing), `bucket.exists` for a key that must not be there yet.
 */
export interface ArchiveBucket extends Bucket {
  head(key: string, signal?: AbortSignal): Promise<ObjectHead | null>;
  /** Everything below a prefix, page by page, sorted by key. */
  pages(prefix: string, signal?: AbortSignal): AsyncIterable<readonly ListedObject[]>;
  /** The bytes of `[from, to)`; the whole object without a range. Throws `bucket.missing` where there is none. */
  read(
    key: string,
    options?: { readonly range?: { readonly from: number; readonly to: number }; readonly signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** Begins an upload in parts; the metadata are the finished object's. */
  begin(key: string, metadata: Readonly<Record<string, string>>): Promise<Upload>;
  /** Sends one part; a part of the same number is replaced. */
  putPart(upload: Upload, n: number, options: PartBytes): Promise<UploadedPart>;
  /** The parts that arrived, by number; `null` when the bucket doesn't know the upload (any more). */
  parts(upload: Upload): Promise<readonly UploadedPart[] | null>;
  /** Makes the object of its parts; it appears whole or not at all, and never replaces one that is there (`bucket.exists`). */
  complete(upload: Upload, parts: readonly UploadedPart[]): Promise<void>;
  /** Gives an upload up and frees its parts; nothing happens when it is gone already. */
  abort(upload: Upload): Promise<void>;
  uploads(prefix: string): Promise<readonly OpenUpload[]>;
  /** Removes many, and says of each key what became of it. */
  removeMany(keys: readonly string[]): Promise<readonly Removal[]>;
  traits(): Promise<BucketTraits>;
  close(): Promise<void>;
}

/** One part on its way. */
export interface PartBytes {
  readonly bytes: Uint8Array;
  readonly signal?: AbortSignal;
}

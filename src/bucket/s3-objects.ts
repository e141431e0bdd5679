import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { ArchiveBucket, ListedObject, ObjectHead } from "#bucket/port.ts";
import type { S3Door } from "#bucket/s3-door.ts";
import { s3Fault, see } from "#bucket/s3-faults.ts";
import { contentMd5, encryptionFields, safeKey } from "#bucket/s3-fields.ts";
import { Fault } from "#model/fault.ts";
import { instantOf, type Temporal } from "#model/time.ts";

/** Objects of a bucket on S3, one at a time. */
export const s3Objects = (door: S3Door): Pick<ArchiveBucket, "put" | "get" | "remove" | "head" | "read"> => {
  const Bucket = door.bucket;
  const head = (key: string, signal?: AbortSignal) => headOf(door, key, signal);
  return {
    head,
    put: async (key, bytes) => {
      safeKey(key);
      await door.send(
        (client, how) =>
          client.send(
            new PutObjectCommand({
              ...{ Bucket, Key: key, Body: bytes, ...encryptionFields(door.settings) },
              ...contentMd5(door, bytes),
            }),
            how,
          ),
        { key, bytes: bytes.byteLength },
      );
    },
    get: async (key) => {
      const output = await getOf(door, key, {});
      return output === null ? null : await wholeOf(door, key, output);
    },
    // S3 itself says of a key that was never there that it was removed.
    remove: async (key) => {
      if ((await head(key)) === null) return false;
      await door.send((client, how) => client.send(new DeleteObjectCommand({ Bucket, Key: key }), how), { key });
      return true;
    },
    read: (key, options = {}) => readOf(door, key, options),
  };
};

const isNoKey = (error: unknown): boolean => {
  const { code, status } = see(error);
  return code === "NoSuchKey" || (status === 404 && code !== "NoSuchBucket");
};

/** What an object says of itself; `null`: there is none. Throws where there is no bucket, which the same answer would hide. */
export const headOf = async (door: S3Door, key: string, signal?: AbortSignal): Promise<ObjectHead | null> => {
  const Bucket = door.bucket;
  const found = await door.send(
    (client, how) =>
      client.send(new HeadObjectCommand({ Bucket, Key: key }), how).catch((error: unknown) => {
        if (isNoKey(error)) return null;
        throw error;
      }),
    { key, signal },
  );
  if (found === null) await hasBucket(door, signal);
  return found === null ? null : readHead(key, found);
};

const hasBucket = async (door: S3Door, signal?: AbortSignal): Promise<void> => {
  const Bucket = door.bucket;
  await door.send(
    async (client, how) => {
      await client.send(new HeadBucketCommand({ Bucket }), how).catch((error: unknown) => {
        if (see(error).status !== 404) throw error;
        throw s3Fault({ name: "NoSuchBucket" }, { bucket: Bucket });
      });
    },
    { signal },
  );
};

const readHead = (key: string, head: HeadObjectCommandOutput): ObjectHead => ({
  key,
  bytes: head.ContentLength ?? 0,
  modifiedAt: instantOf(head.LastModified?.getTime() ?? 0),
  metadata: Object.fromEntries(Object.entries(head.Metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
  lockedUntil: lockedUntil(head),
});

/** A legal hold has no end; it counts as one that none of us will see. */
const endlessly = Date.UTC(9999, 0, 1);

const lockedUntil = (head: HeadObjectCommandOutput): Temporal.Instant | null => {
  if (head.ObjectLockLegalHoldStatus === "ON") return instantOf(endlessly);
  const until = head.ObjectLockRetainUntilDate?.getTime();
  return until === undefined ? null : instantOf(until);
};

interface Got {
  readonly range?: string;
  readonly signal?: AbortSignal | undefined;
}

const getOf = (door: S3Door, key: string, { range, signal }: Got): Promise<GetObjectCommandOutput | null> => {
  const command = () =>
    new GetObjectCommand({ Bucket: door.bucket, Key: key, ...(range !== undefined && { Range: range }) });
  return door.send(
    (client, how) =>
      client.send(command(), how).catch((error: unknown) => {
        if (isNoKey(error)) return null;
        throw error;
      }),
    { key, signal },
  );
};

const wholeOf = async (door: S3Door, key: string, output: GetObjectCommandOutput): Promise<Uint8Array> => {
  try {
    return (await output.Body?.transformToByteArray()) ?? new Uint8Array();
  } catch (error) {
    throw cutOff(door, key, error);
  }
};

async function* readOf(
  door: S3Door,
  key: string,
  { range, signal }: NonNullable<Parameters<ArchiveBucket["read"]>[1]>,
): AsyncIterable<Uint8Array> {
  if (range !== undefined && range.to <= range.from) return;
  const span = range === undefined ? {} : { range: `bytes=${range.from}-${range.to - 1}` };
  const output = await getOf(door, key, { ...span, signal });
  if (output === null) throw missing(door, key);
  let bytes = 0;
  try {
    for await (const piece of output.Body as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      yield piece;
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw cutOff(door, key, error);
  }
  if (output.ContentLength !== undefined && bytes !== output.ContentLength) throw cutOff(door, key, null);
}

const missing = ({ bucket }: S3Door, key: string): Fault =>
  new Fault("bucket.missing", `s3://${bucket}/${key} is not in its bucket any more.`, {
    hint: "daybreak backup list says what the catalogue knows; look who else writes to the bucket",
  });

const cutOff = ({ bucket }: S3Door, key: string, cause: unknown): Fault =>
  new Fault("bucket.io", `s3://${bucket}/${key} broke off while it was read.`, {
    hint: "it is asked for again",
    retry: "later",
    cause,
  });

/** Listings of a bucket on S3, which come a thousand keys at a time. */
export const s3Listing = (door: S3Door): Pick<ArchiveBucket, "list" | "pages"> => ({
  pages: (prefix, signal) => pagesOf(door, prefix, signal),
  list: async (prefix) => {
    const keys: string[] = [];
    for await (const page of pagesOf(door, prefix)) keys.push(...page.map(({ key }) => key));
    return keys.sort();
  },
});

async function* pagesOf(door: S3Door, prefix: string, signal?: AbortSignal): AsyncIterable<readonly ListedObject[]> {
  let token: string | undefined;
  do {
    const next = token === undefined ? {} : { ContinuationToken: token };
    const command = () =>
      new ListObjectsV2Command({ Bucket: door.bucket, Prefix: prefix, MaxKeys: door.pageSize, ...next });
    const page = await door.send((client, how) => client.send(command(), how), { signal });
    const objects = (page.Contents ?? []).flatMap(({ Key, Size = 0, LastModified }) =>
      Key === undefined ? [] : [{ key: Key, bytes: Size, modifiedAt: instantOf(LastModified?.getTime() ?? 0) }],
    );
    if (objects.length > 0) yield objects;
    if (page.IsTruncated === true && page.NextContinuationToken === undefined) throw halfListing(door);
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** A listing that ends too early would make archives look lost. */
const halfListing = ({ bucket }: S3Door): Fault =>
  new Fault("bucket.io", `s3://${bucket} says that its listing goes on, but not where.`, {
    hint: "this server's listings can't be trusted; report it to whoever runs it",
  });

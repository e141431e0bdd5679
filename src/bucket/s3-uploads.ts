import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  type Part,
  PutObjectRetentionCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { ArchiveBucket, OpenUpload, Upload, UploadedPart } from "#bucket/port.ts";
import type { AboutRequest, S3Door } from "#bucket/s3-door.ts";
import { s3Fault, see } from "#bucket/s3-faults.ts";
import { archiveFields, contentMd5, encryptionFields, lockFields, safeKey } from "#bucket/s3-fields.ts";
import { headOf } from "#bucket/s3-objects.ts";
import { Fault } from "#model/fault.ts";
import { instantOf } from "#model/time.ts";
import type { Clock } from "#runtime/clock.ts";

interface Place {
  readonly door: S3Door;
  readonly clock: Clock;
}

type Uploads = Pick<ArchiveBucket, "begin" | "putPart" | "parts" | "complete" | "abort" | "uploads">;

/** Uploads in parts to a bucket on S3. */
export const s3Uploads = (door: S3Door, clock: Clock): Uploads => ({
  begin: async (key, metadata) => {
    safeKey(key);
    const command = () =>
      new CreateMultipartUploadCommand({
        ...{ Bucket: door.bucket, Key: key, Metadata: { ...metadata } },
        ...{ ...encryptionFields(door.settings), ...archiveFields(door.settings, clock.now()) },
        ...checksumFields(door),
      });
    const { UploadId } = await door.send((client, how) => client.send(command(), how), { key });
    if (UploadId === undefined) throw s3Fault(new Error("it named no upload"), { bucket: door.bucket, key });
    return { key, id: UploadId };
  },
  putPart: (upload, n, part) => putPart(door, upload, { n, ...part }),
  parts: async (upload) => {
    const found = await arrived(door, upload);
    return found === null ? null : found.map(readPart);
  },
  complete: (upload, parts) => complete({ door, clock }, upload, parts),
  abort: (upload) => abort(door, upload),
  uploads: (prefix) => openUploads(door, prefix),
});

/** One checksum over the whole object: it needs no list of the parts' own at the end. */
const checksumFields = (door: S3Door) =>
  door.sendsChecksums() ? ({ ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } as const) : {};

const fieldsOf = ({ bucket }: S3Door, { key, id }: Upload) => ({ Bucket: bucket, Key: key, UploadId: id });

const unknownUpload = ({ bucket }: S3Door, { key }: Upload): Fault =>
  new Fault("bucket.missing", `The upload of s3://${bucket}/${key} is unknown there: it was completed or given up.`, {
    hint: "the archive is uploaded anew",
  });

const isNoUpload = (error: unknown): boolean => {
  const { code, status } = see(error);
  return code === "NoSuchUpload" || (status === 404 && code !== "NoSuchBucket");
};

interface PartToSend {
  readonly n: number;
  readonly bytes: Uint8Array;
  readonly signal?: AbortSignal;
}

const putPart = async (door: S3Door, upload: Upload, { n, bytes, signal }: PartToSend): Promise<UploadedPart> => {
  const about: AboutRequest = { key: upload.key, bytes: bytes.byteLength, signal };
  const command = () =>
    new UploadPartCommand({
      ...{ ...fieldsOf(door, upload), PartNumber: n, Body: bytes, ContentLength: bytes.byteLength },
      ...{ ...(door.sendsChecksums() && { ChecksumAlgorithm: "CRC32" as const }), ...contentMd5(door, bytes) },
    });
  const sent = await door.send(
    (client, how) =>
      client.send(command(), how).catch((error: unknown) => {
        throw isNoUpload(error) ? unknownUpload(door, upload) : error;
      }),
    about,
  );
  if (sent.ETag === undefined) throw s3Fault(new Error("it named no part"), { bucket: door.bucket, key: upload.key });
  return { n, etag: sent.ETag, bytes: bytes.byteLength };
};

const readPart = ({ PartNumber = 0, ETag = "", Size = 0 }: Part): UploadedPart => ({
  n: PartNumber,
  etag: ETag,
  bytes: Size,
});

/** The parts as the bucket has them, a thousand at a time; `null`: it knows no such upload. */
const arrived = async (door: S3Door, upload: Upload): Promise<readonly Part[] | null> => {
  const parts: Part[] = [];
  let marker: string | undefined;
  do {
    const next = marker === undefined ? {} : { PartNumberMarker: marker };
    const command = () => new ListPartsCommand({ ...fieldsOf(door, upload), MaxParts: door.pageSize, ...next });
    const page: ListPartsCommandOutput | null = await door.send(
      (client, how) =>
        client.send(command(), how).catch((error: unknown) => {
          if (isNoUpload(error)) return null;
          throw error;
        }),
      { key: upload.key },
    );
    if (page === null) return null;
    parts.push(...(page.Parts ?? []));
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
};

/**
 * Completes an upload. Few servers refuse by themselves to replace an object, so it is looked first; and an answer that was lost on its way
 * is found out by looking again: the upload is gone, and what lies there has the size of ours.
 */
const complete = async ({ door, clock }: Place, upload: Upload, parts: readonly UploadedPart[]): Promise<void> => {
  const there = await arrived(door, upload);
  if (there === null) throw unknownUpload(door, upload);
  if ((await headOf(door, upload.key)) !== null) throw exists(door, upload);
  const known = new Map(there.map((part) => [part.PartNumber, part]));
  const stranger = parts.find(({ n, etag, bytes }) => known.get(n)?.ETag !== etag || known.get(n)?.Size !== bytes);
  if (stranger !== undefined || parts.length === 0) throw notAPart(door, upload, stranger);
  try {
    await sendComplete(
      door,
      upload,
      parts.map(({ n }) => known.get(n) ?? {}),
    );
  } catch (error) {
    if (!(await hasHappened(door, upload, parts))) throw error;
  }
  await holdLock(door, upload.key, clock);
};

/** Some servers take a lock with the begin of an upload and forget it by its end. An archive that should be locked and isn't gets its lock now. */
const holdLock = async (door: S3Door, key: string, clock: Clock): Promise<void> => {
  const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = lockFields(door.settings, clock.now());
  if (Mode === undefined || (await headOf(door, key))?.lockedUntil !== null) return;
  const command = new PutObjectRetentionCommand({
    ...{ Bucket: door.bucket, Key: key, Retention: { Mode, RetainUntilDate } },
  });
  await door.send((client, how) => client.send(command, how), { key });
};

const exists = ({ bucket }: S3Door, { key }: Upload): Fault =>
  new Fault("bucket.exists", `s3://${bucket}/${key} is there already, and is never replaced.`, {
    hint: "nothing was written; look who else writes to this bucket",
  });

const notAPart = ({ bucket }: S3Door, { key }: Upload, part: UploadedPart | undefined): Fault => {
  const what = part === undefined ? "has no parts" : `has another part ${part.n} than was sent`;
  return new Fault("bucket.io", `The upload of s3://${bucket}/${key} ${what}.`, {
    hint: "the archive is uploaded anew",
  });
};

const sendComplete = async (door: S3Door, upload: Upload, parts: readonly Part[]): Promise<void> => {
  const Parts = parts.map(({ PartNumber, ETag, ChecksumCRC32 }) => ({
    ...{ PartNumber, ETag },
    ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }),
  }));
  const command = (more: { readonly IfNoneMatch?: string }) =>
    new CompleteMultipartUploadCommand({ ...fieldsOf(door, upload), MultipartUpload: { Parts }, ...more });
  await door.send(
    (client, how) =>
      client.send(command({ IfNoneMatch: "*" }), how).catch((error: unknown) => {
        const { status, code } = see(error);
        if (status === 412) throw exists(door, upload);
        // Some servers know no condition here. They have looked at nothing else yet.
        if (status === 501 || code === "NotImplemented") return client.send(command({}), how);
        throw error;
      }),
    { key: upload.key },
  );
};

const hasHappened = async (door: S3Door, upload: Upload, parts: readonly UploadedPart[]): Promise<boolean> => {
  try {
    if ((await arrived(door, upload)) !== null) return false;
    const head = await headOf(door, upload.key);
    return head !== null && head.bytes === parts.reduce((sum, { bytes }) => sum + bytes, 0);
  } catch {
    return false;
  }
};

const abortTries = 10;

/** A part that is still on its way may arrive after the upload was given up, so it is given up until the bucket knows nothing of it. */
const abort = async (door: S3Door, upload: Upload): Promise<void> => {
  for (let tries = 0; tries < abortTries; tries += 1) {
    await door.send(
      async (client, how) => {
        await client.send(new AbortMultipartUploadCommand(fieldsOf(door, upload)), how).catch((error: unknown) => {
          if (!isNoUpload(error)) throw error;
        });
      },
      { key: upload.key },
    );
    if ((await arrived(door, upload)) === null) return;
  }
  throw new Fault(
    "bucket.io",
    `The upload of s3://${door.bucket}/${upload.key} still has parts after it was given up.`,
    {
      hint: "it is given up again later",
      retry: "later",
    },
  );
};

const openUploads = async (door: S3Door, prefix: string): Promise<readonly OpenUpload[]> => {
  const open: OpenUpload[] = [];
  let after: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | null = {};
  while (after !== null) {
    const asked = { Bucket: door.bucket, Prefix: prefix, MaxUploads: door.pageSize, ...after };
    const page: ListMultipartUploadsCommandOutput = await door.send((client, how) =>
      client.send(new ListMultipartUploadsCommand(asked), how),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue;
      open.push({ key: Key, id: UploadId, beganAt: instantOf(Initiated?.getTime() ?? 0) });
    }
    after = page.IsTruncated === true ? markersOf(page) : null;
  }
  return open;
};

const markersOf = ({ NextKeyMarker, NextUploadIdMarker }: ListMultipartUploadsCommandOutput) => ({
  ...(NextKeyMarker !== undefined && { KeyMarker: NextKeyMarker }),
  ...(NextUploadIdMarker !== undefined && { UploadIdMarker: NextUploadIdMarker }),
});

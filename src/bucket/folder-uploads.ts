import { createHash, randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { constants, type FileHandle, link, readdir, readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  codeOf,
  draftEnd,
  makeFolder,
  partsOf,
  syncFolder,
  unlessMissing,
  withFile,
  writeWhole,
} from "#bucket/folder-disk.ts";
import { putMetadata, removeMetadata } from "#bucket/folder-metadata.ts";
import type { OpenUpload, Upload, UploadedPart } from "#bucket/port.ts";
import { Fault } from "#model/fault.ts";
import { instantOf } from "#model/time.ts";

/** Folder at the root of a bucket that holds what is on its way. */
export const uploadsFolder = ".uploads";

interface Begun {
  readonly key: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const folderOf = (root: string, { id }: Upload): string => join(root, uploadsFolder, ...partsOf(id).slice(0, 1));
const begunFile = "upload.json";
const draftFile = `object${draftEnd}`;

/** Begins an upload: a folder with its parts, and a file with what it will become. */
export const beginUpload = async (root: string, begun: Begun): Promise<Upload> => {
  partsOf(begun.key);
  const upload = { key: begun.key, id: randomBytes(12).toString("hex") };
  await writeWhole(join(folderOf(root, upload), begunFile), new TextEncoder().encode(JSON.stringify(begun)));
  return upload;
};

const begunOf = async (root: string, upload: Upload): Promise<Begun | null> => {
  const text = await unlessMissing(readFile(join(folderOf(root, upload), begunFile), "utf8"), null);
  if (text === null) return null;
  const { key, metadata } = JSON.parse(text) as Begun;
  return key === upload.key ? { key, metadata } : null;
};

const unknownUpload = (upload: Upload): Fault =>
  new Fault("bucket.missing", `The upload of “${upload.key}” is unknown here: it was completed or given up.`, {
    hint: "the archive is uploaded anew",
  });

/** A part's name says all of it: its number, size and hash. */
const nameOf = ({ n, bytes, etag }: UploadedPart): string =>
  `${String(n).padStart(5, "0")}-${bytes}-${etag}${draftEnd}`;

const partName = /^(\d{5})-(\d+)-([0-9a-f]{32})\.part$/;

/** Stores one part; one of the same number is replaced. */
export const putUploadPart = async (
  root: string,
  upload: Upload,
  { n, bytes }: { readonly n: number; readonly bytes: Uint8Array },
): Promise<UploadedPart> => {
  const folder = folderOf(root, upload);
  const known = await partsOfUpload(root, upload);
  if (known === null) throw unknownUpload(upload);
  if ((await markOf(join(folder, draftFile))) !== null) throw unknownUpload(upload);
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  const part = { n, etag, bytes: bytes.byteLength };
  await writeWhole(join(folder, nameOf(part)), bytes);
  const replaced = known.filter((one) => one.n === n && nameOf(one) !== nameOf(part));
  await Promise.all(replaced.map((one) => rm(join(folder, nameOf(one)), { force: true })));
  return part;
};

/** The parts that are there; `null`: no such upload. */
export const partsOfUpload = async (root: string, upload: Upload): Promise<readonly UploadedPart[] | null> => {
  if ((await begunOf(root, upload)) === null) return null;
  const names = await unlessMissing(readdir(folderOf(root, upload)), []);
  return names
    .flatMap((name) => {
      const [, n = "", bytes = "", etag = ""] = partName.exec(name) ?? [];
      return etag === "" ? [] : [{ n: Number(n), bytes: Number(bytes), etag }];
    })
    .sort((a, b) => a.n - b.n);
};

/** Every upload below a prefix that is still open. */
export const openUploads = async (root: string, prefix: string): Promise<readonly OpenUpload[]> => {
  const ids = await unlessMissing(readdir(join(root, uploadsFolder)), []);
  const found = await Promise.all(ids.map((id) => openUpload(root, id)));
  return found.flatMap((upload) => (upload?.key.startsWith(prefix) ? [upload] : []));
};

const openUpload = async (root: string, id: string): Promise<OpenUpload | null> => {
  const file = join(root, uploadsFolder, id, begunFile);
  const text = await unlessMissing(readFile(file, "utf8"), null);
  const state = await unlessMissing(stat(file), null);
  if (text === null || state === null) return null;
  const { key } = JSON.parse(text) as Begun;
  return { key, id, beganAt: instantOf(Math.floor(state.mtimeMs)) };
};

/** Gives an upload up. What it is known by goes last, so that a crash meanwhile leaves an upload that can be given up again. */
export const abortUpload = async (root: string, upload: Upload): Promise<void> => {
  const folder = folderOf(root, upload);
  const names = await unlessMissing(readdir(folder), []);
  await Promise.all(names.filter((name) => name !== begunFile).map((name) => rm(join(folder, name), { force: true })));
  await rm(folder, { recursive: true, force: true });
};

/**
 * Makes the object of its parts. They are put one behind the other, and each is emptied as soon as its bytes are safe, so that never more
 * than one part lies twice on the disk; its name stays, so that a crash in between loses nothing and the next call goes on.
 */
export const completeUpload = async (root: string, upload: Upload, parts: readonly UploadedPart[]): Promise<void> => {
  const begun = await begunOf(root, upload);
  if (begun === null) throw unknownUpload(upload);
  const draft = join(folderOf(root, upload), draftFile);
  const place = join(root, ...partsOf(upload.key));
  const there = await markOf(place);
  const isOurs = there !== null && there.ino === (await markOf(draft))?.ino;
  if (there !== null && !isOurs) throw exists(upload.key);
  if (!isOurs) {
    await assemble({ folder: folderOf(root, upload), draft, parts, known: (await partsOfUpload(root, upload)) ?? [] });
    await appear({ root, begun, draft, place });
  }
  await syncFolder(dirname(place));
  await abortUpload(root, upload);
};

const markOf = (path: string): Promise<BigIntStats | null> => unlessMissing(stat(path, { bigint: true }), null);

const exists = (key: string): Fault =>
  new Fault("bucket.exists", `“${key}” is there already, and is never replaced.`, {
    hint: "nothing was written; look who else writes to this folder",
  });

interface Assembly {
  readonly folder: string;
  readonly draft: string;
  readonly parts: readonly UploadedPart[];
  readonly known: readonly UploadedPart[];
}

const assemble = async ({ folder, draft, parts, known }: Assembly): Promise<void> => {
  const names = new Set(known.map(nameOf));
  const stranger = parts.find((part) => !names.has(nameOf(part)));
  if (stranger !== undefined || parts.length === 0) throw notAPart(stranger);
  // Made where it is missing, never emptied: what an earlier call has put there stays.
  await withFile(draft, { flags: constants.O_RDWR | constants.O_CREAT }, async (file) => {
    let offset = 0;
    for (const part of parts) {
      await append(file, { path: join(folder, nameOf(part)), offset, bytes: part.bytes });
      offset += part.bytes;
    }
    await file.truncate(offset);
    await file.sync();
  });
};

const notAPart = (part: UploadedPart | undefined): Fault => {
  const what = part === undefined ? "An upload has no parts." : `Part ${part.n} is not what was sent.`;
  return new Fault("bucket.io", what, { hint: "the archive is uploaded anew" });
};

interface Piece {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

const append = async (file: FileHandle, { path, offset, bytes }: Piece): Promise<void> => {
  const { size } = await stat(path);
  if (size === 0) return;
  const content = await readFile(path);
  if (content.byteLength !== bytes) throw notAPart({ n: Number(basename(path).slice(0, 5)), bytes, etag: "" });
  let written = 0;
  while (written < bytes) {
    const { bytesWritten } = await file.write(content, written, bytes - written, offset + written);
    written += bytesWritten;
  }
  await file.sync();
  await truncate(path);
};

interface Appearance {
  readonly root: string;
  readonly begun: Begun;
  readonly draft: string;
  readonly place: string;
}

/** A link is refused where something lies already; the metadata are there before the object, under its own mark. */
const appear = async ({ root, begun, draft, place }: Appearance): Promise<void> => {
  const mark = await stat(draft, { bigint: true });
  await putMetadata(root, { ...begun, mark });
  await makeFolder(dirname(place));
  try {
    await link(draft, place);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") {
      await removeMetadata(root, begun.key, mark);
      throw exists(begun.key);
    }
    // Some disks (FAT, some network drives) know no links. Two that come in the same instant aren't told apart there.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
    await rename(draft, place);
  }
};

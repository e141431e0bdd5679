/** Encryption on our side, by the age library: who has the bucket but not the identity has nothing. */
import { createReadStream, createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeWebStream } from "node:stream/web";
import { Decrypter, Encrypter } from "age-encryption";
import { Fault, isFault, wordsOf } from "#model/fault.ts";

/** A file into another one; the second must not be there yet. */
export interface FileTurn {
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

/** Encrypts a file to everybody who may read it (`age1…`). Half a file is never left. */
export const encryptFile = async (turn: FileTurn, recipients: readonly string[]): Promise<void> => {
  const encrypter = encrypterTo(recipients);
  await turned(turn, (plain) => encrypter.encrypt(plain));
};

/** Decrypts a file with the text of an identity (`AGE-SECRET-KEY-1…`, comments allowed). Throws `backup.restore`, for good, when it doesn't fit. */
export const decryptFile = async (turn: FileTurn, identity: string): Promise<void> => {
  const decrypter = decrypterWith(identity);
  try {
    await turned(turn, (secret) => decrypter.decrypt(secret));
  } catch (error) {
    if (isFault(error) || turn.signal.aborted || isOfDisk(error)) throw error;
    throw new Fault("backup.restore", `The archive could not be decrypted: ${wordsOf(error)}.`, {
      hint: "the identity in DAYBREAK_BACKUP_IDENTITY must belong to one of the backup's `encryptTo`",
      cause: error,
    });
  }
};

/** True when what is encrypted to these recipients can be decrypted with this identity: tried, not reckoned. */
export const canDecrypt = async (recipients: readonly string[], identity: string): Promise<boolean> => {
  const words = "daybreak";
  const secret = await encrypterTo(recipients).encrypt(words);
  try {
    return (await decrypterWith(identity).decrypt(secret, "text")) === words;
  } catch (error) {
    if (isFault(error)) throw error;
    return false;
  }
};

const encrypterTo = (recipients: readonly string[]): Encrypter => {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter;
};

const decrypterWith = (identity: string): Decrypter => {
  const decrypter = new Decrypter();
  const keys = identity.split(/\r?\n/).map((line) => line.trim());
  try {
    for (const key of keys.filter((line) => line !== "" && !line.startsWith("#"))) decrypter.addIdentity(key);
  } catch (error) {
    // The library's own words may repeat the key.
    throw new Fault("backup.restore", "DAYBREAK_BACKUP_IDENTITY holds no identity of age.", {
      hint: "it begins with AGE-SECRET-KEY-1; age-keygen makes one",
      cause: error instanceof Error ? error.name : undefined,
    });
  }
  return decrypter;
};

type Bytes = ReadableStream<Uint8Array>;

const turned = async ({ from, to, signal }: FileTurn, turn: (bytes: Bytes) => Promise<Bytes>): Promise<void> => {
  const source = createReadStream(from, { highWaterMark: 1024 * 1024 });
  try {
    // Node's web streams and the library's are the same objects under two names of types.
    const result = await turn(Readable.toWeb(source) as unknown as Bytes);
    const target = createWriteStream(to, { flags: "wx", mode: 0o600 });
    await pipeline(Readable.fromWeb(result as unknown as NodeWebStream), target, { signal });
    await syncFile(to);
  } catch (error) {
    if (!isThere(error)) await rm(to, { force: true });
    throw error;
  } finally {
    source.destroy();
  }
};

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

const isThere = (error: unknown): boolean => codeOf(error) === "EEXIST";

const isOfDisk = (error: unknown): boolean => typeof codeOf(error) === "string";

/** Brings a file's bytes to the disk. */
export const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};

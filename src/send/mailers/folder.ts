import { randomBytes } from "node:crypto";
import { access, constants, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault, wordsOf } from "#model/fault.ts";
import type { StoredMessage } from "#model/message.ts";
import type { Mailer, Receipt } from "#send/port.ts";

/** Where emails are put down as files. */
export interface FolderSettings {
  /** Absolute path; it is made when it isn't there. */
  readonly dir: string;
}

/**
 * Puts each email down as one `.eml` file, which every mail program opens. A file is there whole or not at all, and the same delivery
 * is the same file, so that sending twice leaves one.
 */
export const folderMailer = ({ dir }: FolderSettings): Mailer => ({
  name: "folder",
  send: async (message, signal) => {
    if (signal.aborted) throw trouble(dir, "the sending was ended before the file was written", signal.reason);
    const file = fileNameOf(message);
    try {
      await writeWhole(dir, file, message.bytes);
    } catch (cause) {
      throw trouble(dir, wordsOf(cause), cause);
    }
    return { words: `put down as ${file}`, accepted: message.recipients, rejected: [] } satisfies Receipt;
  },
  confirm: async ({ deliveryId }) => {
    const ending = `_${safe(deliveryId)}.eml`;
    const files = await readdir(dir).catch((cause: unknown) => {
      if (isAbsent(cause)) return [];
      throw trouble(dir, wordsOf(cause), cause);
    });
    return files.some((file) => file.endsWith(ending));
  },
  verify: async () => {
    try {
      await makeFolder(dir);
      await access(dir, constants.W_OK);
    } catch (cause) {
      throw trouble(dir, wordsOf(cause), cause);
    }
  },
  close: async () => {},
});

/** Written beside its place, brought to the disk and renamed: after a crash at any moment the file is whole or absent. */
const writeWhole = async (dir: string, file: string, bytes: Uint8Array): Promise<void> => {
  await makeFolder(dir);
  const draft = join(dir, `.${randomBytes(8).toString("hex")}.part`);
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, join(dir, file));
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
  await syncFolder(dir);
};

/** The new name itself must reach the disk, or a power cut takes back an email that was reported as sent. */
const syncFolder = async (dir: string): Promise<void> => {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Emails hold people's figures: nobody but the owner reads them. */
const makeFolder = (dir: string): Promise<string | undefined> => mkdir(dir, { recursive: true, mode: 0o700 });

/** `2026-11-19_daily-sales_anna@example.com_<delivery>.eml`: all of it from the message, so that the same message has the same name. */
const fileNameOf = ({ bytes, recipients, deliveryId }: StoredMessage): string => {
  const headers = headersOf(bytes);
  const words = [dateOf(headers), reportOf(headers), recipients[0] ?? "nobody", deliveryId].map(safe);
  return `${words.filter((word) => word !== "").join("_")}.eml`;
};

const headersOf = (bytes: Uint8Array): string => {
  const head = Buffer.from(bytes.subarray(0, 32_768)).toString("latin1");
  return (head.split(/\r?\n\r?\n/, 1)[0] ?? "").replaceAll(/\r?\n[ \t]+/g, " ");
};

const dateOf = (headers: string): string => {
  const written = /^Date: *(.+)$/im.exec(headers)?.[1] ?? "";
  const epochMs = Date.parse(written);
  return Number.isNaN(epochMs) ? "" : new Date(epochMs).toISOString().slice(0, 10);
};

const reportOf = (headers: string): string => /^X-Daybreak-Report: *(.+)$/im.exec(headers)?.[1] ?? "";

/** Letters, digits and a few marks; the rest becomes “-”. At most 80 characters, so that the whole name stays far below 255 bytes. */
const safe = (text: string): string =>
  text
    .normalize("NFC")
    .trim()
    .replaceAll(/[^\w.@+-]+/g, "-")
    .replaceAll(/\.{2,}/g, ".")
    .replaceAll(/^[.-]+|[.]+$/g, "")
    .slice(0, 80);

const isAbsent = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ENOENT";

const trouble = (dir: string, what: string, cause: unknown): Fault =>
  new Fault("send.unavailable", `the outbox ${dir} can't be used: ${what}`, {
    hint: "Look at the folder's rights and at the free space of its disk.",
    retry: "later",
    cause,
  });

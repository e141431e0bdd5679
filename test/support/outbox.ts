import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import PostalMime, { type Attachment } from "postal-mime";

/** A file of an email. */
export interface EmailFile {
  readonly name: string;
  readonly type: string;
  readonly isInline: boolean;
  readonly bytes: Buffer;
}

/** An email as its reader's mail program takes it apart. */
export interface Email {
  /** Name of the file in the outbox; of the delivery's place where it came by SMTP. */
  readonly file: string;
  readonly raw: Buffer;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly toName: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly files: readonly EmailFile[];
}

/** The emails that lie in a folder, by file name; a folder that isn't there has none. */
export const emailsIn = async (folder: string): Promise<readonly Email[]> => {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".eml")).sort();
  return Promise.all(names.map(async (name) => emailOf(name, await readFile(join(folder, name)))));
};

/** Takes an email apart. */
export const emailOf = async (file: string, raw: Buffer): Promise<Email> => {
  const mail = await PostalMime.parse(raw);
  return {
    file,
    raw,
    to: addressesOf(mail.to),
    cc: addressesOf(mail.cc),
    toName: mail.to?.[0]?.name ?? "",
    subject: mail.subject ?? "",
    text: mail.text ?? "",
    html: mail.html ?? "",
    messageId: mail.messageId ?? "",
    headers: new Map(mail.headers.map(({ key, value }) => [key, value])),
    files: mail.attachments.map(fileOf),
  };
};

const addressesOf = (list: readonly { readonly address?: string | undefined }[] | undefined): readonly string[] =>
  (list ?? []).map(({ address }) => address ?? "");

const fileOf = ({ filename, mimeType, disposition, content }: Attachment): EmailFile => ({
  name: filename ?? "",
  type: mimeType,
  isInline: disposition === "inline",
  bytes: typeof content === "string" ? Buffer.from(content) : Buffer.from(content as ArrayBuffer),
});

/** The emails to one address. */
export const to = (emails: readonly Email[], address: string): readonly Email[] =>
  emails.filter((email) => email.to.includes(address));

/** The one email to an address. */
export const only = (emails: readonly Email[], address: string): Email => {
  const [first, ...more] = to(emails, address);
  if (first === undefined)
    throw new Error(`nothing for ${address}; there is mail for ${emails.flatMap((email) => email.to).join(", ")}`);
  if (more.length > 0) throw new Error(`${more.length + 1} emails for ${address}`);
  return first;
};

/** The email's one file of an ending (`csv`). */
export const fileWith = (email: Email, ending: string): EmailFile => {
  const found = email.files.find(({ name }) => name.endsWith(`.${ending}`));
  if (found === undefined)
    throw new Error(
      `no .${ending} in the email to ${email.to}; it has ${email.files.map(({ name }) => name).join(", ")}`,
    );
  return found;
};

/** The rows of a CSV by their column's names. */
export const rowsOf = (csv: Uint8Array): readonly Readonly<Record<string, string>>[] =>
  parse(Buffer.from(csv), { bom: true, columns: true });

/** The text of one file within a zip, which an Excel file is; found by its entry in the directory at the zip's end. */
export const textOf = (zip: Uint8Array, wanted: string): string => {
  const bytes = Buffer.from(zip);
  for (let at = bytes.indexOf("PK\u0001\u0002"); at !== -1; at = bytes.indexOf("PK\u0001\u0002", at + 4)) {
    const nameLength = bytes.readUInt16LE(at + 28);
    if (bytes.toString("utf8", at + 46, at + 46 + nameLength) !== wanted) continue;
    const entry = bytes.readUInt32LE(at + 42);
    const start = entry + 30 + bytes.readUInt16LE(entry + 26) + bytes.readUInt16LE(entry + 28);
    const packed = bytes.subarray(start, start + bytes.readUInt32LE(at + 20));
    return (bytes.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed)).toString("utf8");
  }
  throw new Error(`there is no ${wanted} in the file`);
};

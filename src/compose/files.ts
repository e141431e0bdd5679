/** Puts an email's files into it. nodemailer takes them through many small pieces, which for most of a megabyte costs more than all the rest. */
import { randomBytes } from "node:crypto";

/** A file's place in an email that is built without it: a part whose content is a mark that nobody can guess. */
export interface MarkedFile<T> {
  readonly part: Omit<T, "content"> & { readonly content: Buffer };
  readonly content: Uint8Array;
  /** The mark as it stands in the email. */
  readonly mark: string;
}

/** Takes a part's content away, and leaves a mark in its place. */
export const markedFile = <T extends { readonly content: Uint8Array }>(part: T): MarkedFile<T> => {
  const mark = randomBytes(24);
  return { part: { ...part, content: mark }, content: part.content, mark: mark.toString("base64") };
};

/** The email with its files in the places of their marks. */
export const withFiles = (email: Buffer, files: readonly MarkedFile<unknown>[], encode: typeof base64Of): Buffer => {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { mark, content } of files) {
    const at = email.indexOf(mark, from, "latin1");
    if (at === -1) throw new Error("a file has no place in its email");
    pieces.push(email.subarray(from, at), encode(content));
    from = at + mark.length;
  }
  return Buffer.concat([...pieces, email.subarray(from)]);
};

/** RFC 2045: no longer lines. */
const lineLength = 76;
const lineEnd = "\r\n";

/** A file as base64 in lines. */
export const base64Of = (content: Uint8Array): Buffer => {
  const { buffer, byteOffset, byteLength } = content;
  const whole = Buffer.from(Buffer.from(buffer, byteOffset, byteLength).toString("base64"), "latin1");
  const lines = Math.ceil(whole.length / lineLength);
  const wrapped = Buffer.allocUnsafe(whole.length + Math.max(0, lines - 1) * lineEnd.length);
  let to = 0;
  for (let from = 0; from < whole.length; from += lineLength) {
    if (from > 0) to += wrapped.write(lineEnd, to, "latin1");
    to += whole.copy(wrapped, to, from, from + lineLength);
  }
  return wrapped;
};

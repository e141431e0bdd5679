/** A message on its way to a mail server. */
import { Readable, Transform } from "node:stream";
import type { Phase } from "#send/mailers/smtp-faults.ts";

/**
 * Above what a stream holds back (64 KiB), also where it is cut at the end of a line, which has 1,000 bytes at most (RFC 5321, 4.5.3.1.6):
 * so each stage on the way holds one chunk and not two, and the end is reached as late as can be.
 */
const chunkBytes = 66_560;
const smallBytes = 16_384;
const lineFeed = 0x0a;

/**
 * The message as a stream that knows how far it came. It is first read when the server asked for the data; when it ends, nodemailer
 * writes the final dot. The last look at the signal is therefore just before that: from then on nobody can call the email back.
 */
export const wireOf = (
  bytes: Uint8Array,
  { state, signal }: { readonly state: { phase: Phase }; readonly signal: AbortSignal },
): Readable => {
  let at = 0;
  return new Wire({
    read() {
      state.phase = "data";
      if (signal.aborted) {
        this.destroy(new Error("it was ended before the end of the data"));
      } else if (at < bytes.byteLength) {
        const from = at;
        at = endOfChunk(bytes, from);
        this.push(bytes.subarray(from, at));
      } else {
        state.phase = "ended";
        this.push(null);
      }
    },
  });
};

/** Behind a line's end where there is one: whole lines can be judged by themselves. The last line comes alone, in small pieces. */
const endOfChunk = (bytes: Uint8Array, from: number): number => {
  const isLast = from + chunkBytes >= bytes.byteLength;
  const lineEnd = bytes.lastIndexOf(lineFeed, isLast ? -2 : from + chunkBytes - 1);
  if (lineEnd >= from) return lineEnd + 1;
  return Math.min(from + smallBytes, bytes.byteLength);
};

class Wire extends Readable {
  override pipe<T extends NodeJS.WritableStream>(to: T, options?: { readonly end?: boolean }): T {
    if (to instanceof Transform) sparePains(to);
    return super.pipe(to, options);
  }
}

/** What is written otherwise in an email's data (RFC 5321, 2.3.8 and 4.5.2): a dot that begins a line, and ends of lines that aren't whole. */
const wantsCare = /^\.|\n\.|(?<!\r)\n|\r(?!\n)/;

/**
 * nodemailer looks at each byte for dots and ends of lines, which for most of a megabyte takes longer than all the rest of sending. Many
 * whole lines with nothing of that are passed on as they are. It sees all else, the last line always, and only where it remembers
 * truly how the line before ended.
 */
const sparePains = (to: Transform): void => {
  const carefully = to._transform.bind(to);
  let isAtLine = true;
  to._transform = (chunk: Buffer, encoding, done) => {
    const isMany = isAtLine && chunk.byteLength > smallBytes && chunk.at(-1) === lineFeed;
    if (isMany && !wantsCare.test(chunk.toString("latin1"))) return done(null, chunk);
    isAtLine = chunk.at(-1) === lineFeed;
    return carefully(chunk, encoding, done);
  };
};

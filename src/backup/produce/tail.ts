import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** The end of what a stream said. */
export interface KeptTail {
  text(): string;
}

/** Enough for a stack trace; a command that writes for hours takes no more memory than this. */
const BYTES = 8_192;

const MASK = "•••";

/** A secret shorter than this is part of ordinary words. */
const SHORTEST = 4;

const covered = (text: string, secrets: readonly string[]): string =>
  secrets.filter((secret) => secret.length >= SHORTEST).reduce((said, secret) => said.replaceAll(secret, MASK), text);

/** Lines without colours and cursor movements; of a line that was written over and over its last state. */
const readable = (text: string): string =>
  stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "")
    .join("\n")
    .replaceAll(/[\p{Cc}]/gu, (sign) => (sign === "\n" || sign === "\t" ? sign : ""))
    .trim();

/** Reads a stream to its end and keeps its tail. What can't be read any more counts as its end. */
export const keepTail = (stream: Readable, secrets: readonly string[]): KeptTail => {
  let kept = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    if (kept.length > BYTES) kept = kept.subarray(kept.length - BYTES);
  });
  stream.on("error", () => undefined);
  return { text: () => covered(readable(kept.toString("utf8")), secrets) };
};

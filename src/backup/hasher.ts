import { createHash } from "node:crypto";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { HashAsk } from "#backup/hash-thread.ts";
import { Fault } from "#model/fault.ts";

/** Takes in bytes, in their order, and gives their SHA-256. */
export interface Hasher extends AsyncDisposable {
  /** Takes the first bytes of some memory. Only what it gives back may be used again: the memory itself may have moved. */
  update(memory: ArrayBuffer, bytes: number): Promise<ArrayBuffer>;
  /** Hex; nothing more may come after it. */
  digest(): Promise<string>;
}

/** Below this a thread takes longer to start than to hash. */
const leastBytes = 64 * 1024 * 1024;

/** A hasher for so many bytes: of a large archive in a thread of its own. */
export const openHasher = (bytes: number): Hasher => (bytes < leastBytes ? hasherHere() : hasherApart());

const hasherHere = (): Hasher => {
  const hash = createHash("sha256");
  return {
    update: async (memory, bytes) => {
      hash.update(new Uint8Array(memory, 0, bytes));
      return memory;
    },
    digest: async () => hash.digest("hex"),
    [Symbol.asyncDispose]: async () => {},
  };
};

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const hasherApart = (): Hasher => {
  const worker = new Worker(new URL(`./hash-thread${extname(import.meta.url)}`, import.meta.url));
  const waiting: Waiting[] = [];
  const fail = (error: unknown): void => {
    for (const one of waiting.splice(0)) one.reject(endedFault(error));
  };
  worker.on("message", (answer: unknown) => waiting.shift()?.resolve(answer));
  worker.on("error", fail);
  worker.on("exit", fail);
  const ask = (words: HashAsk): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(words, words === null ? [] : [words.memory]);
    });
  return {
    update: async (memory, bytes) => (await ask({ memory, bytes })) as ArrayBuffer,
    digest: async () => String(await ask(null)),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
};

const endedFault = (cause: unknown): Fault =>
  new Fault("backup.verify", "The thread that hashes has ended.", {
    hint: "look whether the machine has run out of memory; it is tried again",
    retry: "later",
    cause,
  });

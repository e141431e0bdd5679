import { createHash } from "node:crypto";
import { on } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { HashAnswer, HashAsk, HashMemory } from "#backup/hash-thread.ts";
import { Fault } from "#model/fault.ts";

/** Takes in bytes, in their order, and gives their SHA-256. Throws `backup.verify` (`later`) when its thread has ended. */
export interface Hasher extends AsyncDisposable {
  /** The bytes may be used again as soon as it is done; it waits only where hashing falls behind. One at a time. */
  update(bytes: Uint8Array): Promise<void>;
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
    update: async (bytes) => void hash.update(bytes),
    digest: async () => hash.digest("hex"),
    [Symbol.asyncDispose]: async () => {},
  };
};

/** What both threads see: so large that a message for each is little work, and so many that neither waits for the other's every step. */
const blockBytes = 1024 * 1024;
const blocks = 8;

const hasherApart = (): Hasher => {
  const memory = new SharedArrayBuffer(blocks * blockBytes);
  const workerData: HashMemory = { memory, blockBytes };
  const worker = new Worker(new URL(`./hash-thread${extname(import.meta.url)}`, import.meta.url), { workerData });
  const nextAnswer = answersOf(worker);
  const post = (ask: HashAsk): void => worker.postMessage(ask);
  let [block, filled, posted] = [0, 0, 0];
  /** Gives the block away, and takes the next one as soon as its bytes are hashed. */
  const give = async (): Promise<void> => {
    post({ block, bytes: filled });
    posted += 1;
    filled = 0;
    block = posted % blocks;
    if (posted >= blocks) await nextAnswer();
  };
  return {
    update: async (bytes) => {
      for (let at = 0; at < bytes.byteLength; ) {
        const some = bytes.subarray(at, at + blockBytes - filled);
        new Uint8Array(memory, block * blockBytes + filled, some.byteLength).set(some);
        at += some.byteLength;
        filled += some.byteLength;
        if (filled === blockBytes) await give();
      }
    },
    digest: async () => {
      if (filled > 0) post({ block, bytes: filled });
      post(null);
      for (;;) {
        const answer = await nextAnswer();
        if (answer !== null) return answer;
      }
    },
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
};

/** What the thread says, one word after the other. */
const answersOf = (worker: Worker): (() => Promise<HashAnswer>) => {
  const words = on(worker, "message", { close: ["exit"] });
  return async () => {
    const { value, done } = await words.next().catch((error: unknown) => {
      throw endedFault(error);
    });
    if (done === true) throw endedFault(null);
    return value[0] as HashAnswer;
  };
};

const endedFault = (cause: unknown): Fault =>
  new Fault("backup.verify", "The thread that hashes has ended.", {
    hint: "look whether the machine has run out of memory; it is tried again",
    retry: "later",
    cause,
  });

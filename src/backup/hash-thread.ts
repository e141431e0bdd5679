/** The thread that hashes what another one reads, so that the way from the bucket doesn't wait for it. Both see the same memory: nothing is sent. */
import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";

/** Blocks of `blockBytes`, one behind the other; whoever asks leaves a block alone until it has its answer. */
export interface HashMemory {
  readonly memory: SharedArrayBuffer;
  readonly blockBytes: number;
}

/** The first bytes of a block, to be taken in; `null` asks for the end. */
export type HashAsk = { readonly block: number; readonly bytes: number } | null;

/** `null`: a block was taken in; at the end the SHA-256, in hex. */
export type HashAnswer = string | null;

const { memory, blockBytes } = workerData as HashMemory;
const hash = createHash("sha256");
const answer = (words: HashAnswer): void => parentPort?.postMessage(words);

parentPort?.on("message", (ask: HashAsk) => {
  if (ask === null) {
    answer(hash.digest("hex"));
    return;
  }
  hash.update(new Uint8Array(memory, ask.block * blockBytes, ask.bytes));
  answer(null);
});

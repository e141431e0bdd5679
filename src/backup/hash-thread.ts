/** The thread that hashes what another one reads, so that the way from the bucket doesn't wait for it. Memory wanders to and fro, nothing is copied. */
import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";

const hash = createHash("sha256");

/** Bytes to take in, from the beginning of the memory, which is sent back; `null` asks for the end. */
export type HashAsk = { readonly memory: ArrayBuffer; readonly bytes: number } | null;

parentPort?.on("message", (ask: HashAsk) => {
  if (ask === null) {
    parentPort?.postMessage(hash.digest("hex"));
    return;
  }
  hash.update(new Uint8Array(ask.memory, 0, ask.bytes));
  parentPort?.postMessage(ask.memory, [ask.memory]);
});

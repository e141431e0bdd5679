import { setTimeout as pause } from "node:timers/promises";
import { isFault } from "#model/fault.ts";

const firstPauseMs = 250;
const longestPauseMs = 5_000;

/**
 * Repeats what failed only because the database was away or overloaded: an outcome that this process knows must not be lost while it lives.
 * `tell` hears of each try that failed. When the signal ends, the last fault is passed on; other errors are at once.
 */
export const outlast = async <T>(
  work: () => Promise<T>,
  { tell, signal }: { readonly tell: (error: unknown) => void; readonly signal?: AbortSignal },
): Promise<T> => {
  for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      const isPassing = isFault(error, "store.unreachable") || isFault(error, "run.timeout");
      if (!isPassing || signal?.aborted) throw error;
      tell(error);
      await pause(wait, undefined, { signal }).catch(() => {});
    }
  }
};

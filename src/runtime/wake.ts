/** A bell between who has work and the loop that does it. A ring while the loop is busy is kept for its next wait. */
export interface Wake {
  ring(): void;
  /** Its loop waits, and nobody has rung since. */
  isFree(): boolean;
  /** Ends at the next ring (also one that was kept), after `ms`, or when the signal ends. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** A bell for one loop. */
export const openWake = (): Wake => {
  let rung = false;
  let answer: (() => void) | null = null;
  const ring = (): void => {
    rung = true;
    answer?.();
  };
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (!rung) {
      await new Promise<void>((done) => {
        // However it ends: a listener for each wait would stay with a signal that lives as long as the process.
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          done();
        };
        const timer = setTimeout(end, ms);
        answer = end;
        signal.addEventListener("abort", end);
        if (signal.aborted) end();
      });
      answer = null;
    }
    rung = false;
  };
  return { ring, isFree: () => answer !== null && !rung, wait };
};

/** Rings several bells. */
export const ringAll = (wakes: readonly Wake[]): void => {
  for (const wake of wakes) wake.ring();
};

/**
 * Rings for one piece of work: one loop that waits. Where none does, all are told, since one of them may have looked just before it
 * was there.
 */
export const ringOne = (wakes: readonly Wake[]): void => {
  const free = wakes.find((wake) => wake.isFree());
  ringAll(free === undefined ? wakes : [free]);
};

/** Tries every connection side by side, each within a bound, and says how to mend what is broken. */
import type { Grade } from "#actions/findings.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import { within } from "#runtime/timeout.ts";

/** What a try found. */
export interface Examined {
  readonly grade: Grade | "fine";
  readonly what: string;
  /** `null` where nothing need be done. */
  readonly mend: string | null;
}

/** One connection to try; `about` is its name: `database`, `server main`. */
export interface Examination {
  readonly about: string;
  /** What to do when it fails in a way that doesn't say so itself. */
  readonly mend: string;
  readonly limitMs: number;
  readonly work: (signal: AbortSignal) => Promise<Examined>;
}

/** A finding with what it is about and how long it took. */
export interface Diagnosis extends Examined {
  readonly about: string;
  readonly ms: number;
}

/** Tries everything at once; the answers come in the order of the examinations. `onDone` is told each as it ends. */
export const examineAll = (
  examinations: readonly Examination[],
  onDone: (diagnosis: Diagnosis) => void,
): Promise<readonly Diagnosis[]> =>
  Promise.all(
    examinations.map(async (examination) => {
      const startedAt = performance.now();
      const examined = await examine(examination);
      const diagnosis = { about: examination.about, ...examined, ms: Math.round(performance.now() - startedAt) };
      onDone(diagnosis);
      return diagnosis;
    }),
  );

const examine = async ({ about, mend, limitMs, work }: Examination): Promise<Examined> => {
  try {
    return await within({ ms: limitMs, name: `looking at ${about}` }, work);
  } catch (error) {
    return { grade: "fault", what: wordsOf(error), mend: isFault(error) ? error.hint : mend };
  }
};

/** All is well. */
export const fine = (what: string): Examined => ({ grade: "fine", what, mend: null });

/** It works, but a person should know. */
export const doubtful = (what: string, mend: string): Examined => ({ grade: "warning", what, mend });

import type { Format } from "#model/people.ts";

/** What the proof says of one artifact. `empty`: no rows, which proves nothing and is never an error by itself. */
export type Verdict = "proven" | "empty" | "unproven" | "mismatch";

/** The verdict over one artifact of one part, with the sentence that an operator reads. */
export interface Proof {
  readonly part: number;
  readonly format: Format;
  readonly verdict: Verdict;
  readonly evidence: readonly string[];
}

import type { Format } from "#model/people.ts";
import type { Verdict } from "#model/proof.ts";
import type { RenderEvidence } from "#model/render.ts";
import type { ProofRules } from "#model/report.ts";

/** What the proof is asked about one render. `evidence.requests` are the server's data requests only. */
export interface Question {
  readonly filters: Readonly<Record<string, readonly string[]>> | "all";
  readonly rules: ProofRules;
  readonly evidence: RenderEvidence;
  readonly formats: readonly Format[];
  /** Filter name → column of the CSV, as the server's catalog names it; `{}` where it doesn't. */
  readonly filterColumns: Readonly<Record<string, string>>;
  /** Filter name → parameter of the page's data requests, as the catalog names it; `{}` where it doesn't. */
  readonly filterParameters: Readonly<Record<string, string>>;
}

/** The verdict over one format, with sentences for operators. `warnings` don't change the verdict. */
export interface Judgement {
  readonly format: Format;
  readonly verdict: Verdict;
  readonly evidence: readonly string[];
  readonly warnings: readonly string[];
}

/** The verdict over one filter, before the filters of a view are put together. */
export interface Finding {
  readonly verdict: Verdict;
  readonly evidence: readonly string[];
  readonly warnings?: readonly string[];
}

/** One filter with the values it is set to. */
export interface Wanted {
  readonly filter: string;
  readonly values: readonly string[];
}

const weight: Readonly<Record<Verdict, number>> = { proven: 0, empty: 1, unproven: 2, mismatch: 3 };

/** Several findings as one: the gravest verdict, all sentences. No finding at all proves nothing. */
export const together = (findings: readonly Finding[]): Finding & { readonly warnings: readonly string[] } => ({
  verdict: findings.reduce<Verdict>(
    (gravest, { verdict }) => (weight[verdict] > weight[gravest] ? verdict : gravest),
    findings.length === 0 ? "unproven" : "proven",
  ),
  evidence: findings.flatMap(({ evidence }) => evidence),
  warnings: findings.flatMap(({ warnings }) => warnings ?? []),
});

import type { Readiness } from "#model/report.ts";
import { before, later, type Temporal } from "#model/time.ts";
import type { ProbeAnswer } from "#readiness/port.ts";

/** What one probe answered in this round; a probe that could not be asked counts as not ready. */
export interface Asked extends ProbeAnswer {
  readonly probe: string;
}

/** Everything that the decision rests on. */
export interface ReadinessFacts {
  readonly now: Temporal.Instant;
  /** The slot's time, from which the cut-off counts. */
  readonly due: Temporal.Instant;
  readonly rules: Pick<Readiness, "everyMs" | "untilMs" | "otherwise">;
  readonly answers: readonly Asked[];
}

/** What happens with the slot now, with the reason that an operator reads. */
export type ReadinessDecision =
  | { readonly to: "go"; readonly dataAsOf: string | null; readonly reason: string }
  | { readonly to: "ask-again"; readonly at: Temporal.Instant; readonly reason: string }
  | {
      readonly to: "give-up";
      readonly otherwise: Readiness["otherwise"];
      readonly dataAsOf: string | null;
      readonly reason: string;
    };

/**
 * All probes say ready: go, however late it is. Otherwise ask again, for the last time exactly at the cut-off; then the report's rule
 * for late data holds. After downtime a slot past its cut-off is thus still asked once.
 */
export const decideReadiness = ({ now, due, rules, answers }: ReadinessFacts): ReadinessDecision => {
  const missing = answers.filter(({ ready }) => !ready);
  const dataAsOf = oldest(answers);
  if (missing.length === 0) return { to: "go", dataAsOf, reason: `the data is ready: ${inWords(answers)}` };
  const cutOff = later(due, rules.untilMs);
  if (!before(now, cutOff)) {
    const reason = `the data was not ready by ${clock(cutOff)}: ${inWords(missing)}`;
    return { to: "give-up", otherwise: rules.otherwise, dataAsOf, reason };
  }
  const next = later(now, Math.max(rules.everyMs, shortestMs));
  const at = before(cutOff, next) ? cutOff : next;
  return { to: "ask-again", at, reason: `the data is not ready: ${inWords(missing)}; asked again at ${clock(at)}` };
};

/** A rule of `every: 0s` must not become a loop without a pause. */
const shortestMs = 1_000;

/** A report is as fresh as the oldest of its data. ISO dates sort as text. */
const oldest = (answers: readonly Asked[]): string | null =>
  answers.flatMap(({ dataAsOf }) => dataAsOf ?? []).sort()[0] ?? null;

const inWords = (answers: readonly Asked[]): string =>
  answers.length === 0 ? "nothing was asked" : answers.map(({ probe, words }) => `${probe}: ${words}`).join("; ");

const clock = (instant: Temporal.Instant): string => `${instant.toString().slice(0, 16).replace("T", " ")} UTC`;

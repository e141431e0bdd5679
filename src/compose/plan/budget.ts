import type { SizeStep } from "#compose/plan/email.ts";

/** The files of an email at this moment, in bytes as they are (base64 adds a third, which is reckoned here). */
export interface Weights {
  readonly budgetBytes: number;
  /** Text, HTML and headers. */
  readonly textBytes: number;
  readonly pictures: number;
  readonly pdf: number;
  readonly xlsx: number;
  readonly csv: number;
  readonly taken: readonly SizeStep[];
}

/** What is done next: nothing more, one more step, or the confession that nothing helps. */
export type SizeDecision =
  | { readonly do: "fits" | "too-large"; readonly bytes: number }
  | { readonly do: SizeStep; readonly bytes: number };

const shrinking: readonly SizeStep[] = ["palette", "jpeg", "small-jpeg"];
const dropping: readonly SizeStep[] = ["without-xlsx", "without-pictures", "without-csv", "without-pdf"];

/**
 * The next step towards the budget. Pictures first become smaller; then something is left out, the first thing whose loss alone is
 * enough, so that a reader doesn't lose a small picture beside a huge PDF. The text with its figures is never left out.
 */
export const nextStep = (weights: Weights): SizeDecision => {
  const bytes = wireBytes(weights);
  if (bytes <= weights.budgetBytes) return { do: "fits", bytes };
  const open = (step: SizeStep) => !weights.taken.includes(step) && without(step, weights) !== weights;
  const smaller = shrinking.find(open);
  if (smaller !== undefined) return { do: smaller, bytes };
  const droppable = dropping.filter(open);
  const enough = droppable.find((step) => wireBytes(without(step, weights)) <= weights.budgetBytes);
  return { do: enough ?? droppable[0] ?? "too-large", bytes };
};

/** Bytes on the wire: base64 in lines of 76 characters makes 78 bytes of 57. */
export const wireBytes = ({ textBytes, pictures, pdf, xlsx, csv }: Weights): number =>
  Math.ceil(textBytes * 1.1 + (pictures + pdf + xlsx + csv) * (78 / 57));

/** The weights without what a step takes away; the same object where there is nothing to take. */
const without = (step: SizeStep, weights: Weights): Weights => {
  switch (step) {
    case "palette":
    case "jpeg":
    case "small-jpeg":
    case "without-pictures":
      return weights.pictures === 0 ? weights : { ...weights, pictures: 0 };
    case "without-xlsx":
      return weights.xlsx === 0 ? weights : { ...weights, xlsx: 0 };
    case "without-csv":
      return weights.csv === 0 ? weights : { ...weights, csv: 0 };
    case "without-pdf":
      return weights.pdf === 0 ? weights : { ...weights, pdf: 0 };
  }
};

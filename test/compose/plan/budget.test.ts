import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextStep, type Weights, wireBytes } from "#compose/plan/budget.ts";
import type { SizeStep } from "#compose/plan/email.ts";

const mb = 1_000_000;
const weights = (more: Partial<Weights> = {}): Weights => ({
  budgetBytes: 8 * mb,
  textBytes: 110_000,
  pictures: 0,
  pdf: 0,
  xlsx: 0,
  csv: 0,
  taken: [],
  ...more,
});
const shrunk: readonly SizeStep[] = ["palette", "jpeg", "small-jpeg"];

describe("the next step towards the budget", () => {
  test.each([
    ["is none while it fits", { pictures: mb, pdf: mb }, "fits"],
    ["is 256 colours for pictures first", { pictures: 7 * mb }, "palette"],
    ["is JPEG next", { pictures: 7 * mb, taken: ["palette"] }, "jpeg"],
    ["is a small JPEG next", { pictures: 7 * mb, taken: ["palette", "jpeg"] }, "small-jpeg"],
    [
      "leaves out the Excel file before the pictures",
      { pictures: 3 * mb, xlsx: 3 * mb, csv: mb, taken: shrunk },
      "without-xlsx",
    ],
    ["leaves out the picture and keeps the PDF", { pictures: 4 * mb, pdf: 4 * mb, taken: shrunk }, "without-pictures"],
    ["keeps a small picture beside a huge PDF", { pictures: mb / 2, pdf: 9 * mb, taken: shrunk }, "without-pdf"],
    [
      "leaves out the first thing when one alone is not enough",
      { pictures: 9 * mb, pdf: 9 * mb, taken: shrunk },
      "without-pictures",
    ],
    ["shrinks no pictures where there are none", { csv: 9 * mb }, "without-csv"],
    ["is the confession that a text is too large", { budgetBytes: 1_000 }, "too-large"],
  ] as const)("%s", (_, more, expected) => {
    expect(nextStep(weights(more)).do).toBe(expected);
  });

  test("ends below the budget and takes no step twice", () => {
    const size = fc.nat(20 * mb);
    const files = fc.record({ pictures: size, pdf: size, xlsx: size, csv: size });
    fc.assert(
      fc.property(files, (sizes) => {
        let now = weights(sizes);
        for (let step = nextStep(now).do; step !== "fits"; step = nextStep(now).do) {
          if (step === "too-large" || now.taken.includes(step)) return false;
          now = after(step, now);
        }
        return wireBytes(now) <= now.budgetBytes;
      }),
    );
  });
});

/** What is left after a step; a smaller way of writing pictures saves a tenth here. */
const after = (step: SizeStep, now: Weights): Weights => {
  const gone = /^without-(.+)$/.exec(step)?.[1];
  const change = gone === undefined ? { pictures: Math.floor(now.pictures * 0.9) } : { [gone]: 0 };
  return { ...now, ...change, taken: [...now.taken, step] };
};

test("the weight on the wire is base64 in lines", () => {
  expect(wireBytes(weights({ textBytes: 0, pdf: 57_000 }))).toBe(78_000);
});

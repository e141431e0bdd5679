import { expect, test } from "vitest";
import { aheadInWords } from "#cli/words.ts";

test.each([
  [-120_000, ""],
  [-3_000, "now"],
  [400, "now"],
  [29_000, "in 29 s"],
  [59_400, "in 59 s"],
  [60_000, "in 1 min"],
  [89 * 60_000, "in 89 min"],
  [3 * 3_600_000, "in 3 h"],
  [48 * 3_600_000, "in 2 days"],
])("%i ms ahead is “%s”", (ms, words) => {
  expect(aheadInWords(ms)).toBe(words);
});

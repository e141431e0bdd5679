import fc from "fast-check";
import { expect, test } from "vitest";
import { historyOf } from "../histories.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const histories = isLong ? 100_000 : 10_000;

test("in random histories each day, week and month in its window keeps an archive, the three newest stay, and no rail is passed", () => {
  const seen = { prunes: 0, refused: 0, removed: 0, histories: 0, violations: [] as string[] };
  const seeds = fc.integer({ min: 0, max: 2 ** 31 });
  fc.assert(
    fc.property(seeds, (seed) => {
      const { prunes, refused, removed, violations } = historyOf(seed);
      seen.histories += 1;
      seen.prunes += prunes;
      seen.refused += refused;
      seen.removed += removed;
      seen.violations.push(...violations);
      return violations.length === 0;
    }),
    // A seed can't be made smaller: the first one that goes wrong is told as it is.
    { numRuns: histories, endOnFailure: true },
  );
  const { prunes, refused, removed, violations } = seen;
  process.stdout.write(
    `rotation: ${violations.length} violations / ${seen.histories} histories (${prunes} prunes, ${refused} refused, ${removed} archives removed)\n`,
  );
  expect(violations).toEqual([]);
  // Neither always refused nor never: otherwise nothing was shown.
  expect(refused / prunes).toBeGreaterThan(0.1);
  expect(refused / prunes).toBeLessThan(0.9);
  expect(removed).toBeGreaterThan(histories);
}, 600_000);

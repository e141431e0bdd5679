import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "#runtime/backoff.ts";

const backoff = { baseMs: 100, maxMs: 1_000 };

test("the bound doubles with each failure until it is reached", () => {
  const bounds = [1, 2, 3, 4, 5, 60, 5_000].map((tries) => backoffMs(backoff, tries, 1));
  expect(bounds).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
});

test("the wait is anything between nothing and the bound", () => {
  const tries = fc.integer({ min: 1, max: 10_000 });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(tries, random, (n, r) => {
      const wait = backoffMs(backoff, n, r);
      return Number.isInteger(wait) && wait >= 0 && wait <= 1_000;
    }),
  );
});

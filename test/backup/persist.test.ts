import { expect, test } from "vitest";
import { persist } from "#backup/persist.ts";
import { Fault } from "#model/fault.ts";
import { testClock } from "../support/clock.ts";

const fault = (retry: "later" | "never"): Fault => new Fault("bucket.io", "The line broke.", { hint: "", retry });

/** Work that takes so long by the clock, and fails as often as it is told. */
const working = (failures: number, retry: "later" | "never" = "later") => {
  const clock = testClock("2026-11-21T06:00:00Z");
  let tries = 0;
  const work = async (): Promise<number> => {
    clock.move(60_000);
    tries += 1;
    if (tries <= failures) throw fault(retry);
    return tries;
  };
  const signal = new AbortController().signal;
  return (retryForMs: number) => persist(work, { clock, retryForMs, signal, backoff: { baseMs: 1, maxMs: 2 } });
};

test("the time for retries begins with the first failure, however long the work had taken until then", async () => {
  expect(await working(1)(30_000)).toBe(2);
});

test("it ends when failures have gone on for so long, and at once for what no retry mends", async () => {
  await expect(working(5)(150_000)).rejects.toThrow("The line broke.");
  expect(await working(2)(150_000)).toBe(3);
  await expect(working(1, "never")(150_000)).rejects.toThrow("The line broke.");
  await expect(working(1)(0)).rejects.toThrow("The line broke.");
});

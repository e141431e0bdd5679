import fc from "fast-check";
import { expect, test } from "vitest";
import { before, later, msBetween, Temporal } from "#model/time.ts";
import { type Asked, decideReadiness, type ReadinessFacts } from "#readiness/plan.ts";

const due = Temporal.Instant.from("2026-11-20T06:00:00Z");
const minutes = (n: number): number => n * 60_000;
const rules = { everyMs: minutes(5), untilMs: minutes(90), otherwise: "send-with-notice" } as const;

const ready: Asked = { probe: "loads", ready: true, words: "the data is of 2026-11-20", dataAsOf: "2026-11-20" };
const stale: Asked = {
  probe: "stock",
  ready: false,
  words: "the data is of 2026-11-19, wanted is 2026-11-20",
  dataAsOf: "2026-11-19",
};

const decide = (changed: Partial<ReadinessFacts>) =>
  decideReadiness({ now: due, due, rules, answers: [ready, stale], ...changed });

test("all ready means go, with the oldest date of the data", () => {
  const newer = { ...ready, dataAsOf: "2026-11-21 05:00:00+00" };
  expect(decide({ answers: [newer, ready] })).toEqual({
    to: "go",
    dataAsOf: "2026-11-20",
    reason: "the data is ready: loads: the data is of 2026-11-20; loads: the data is of 2026-11-20",
  });
});

test("no probes at all means go, without a date", () => {
  expect(decide({ answers: [] })).toMatchObject({ to: "go", dataAsOf: null });
});

test("one that is not ready means ask again after the interval, and the reason names it alone", () => {
  const decision = decide({ now: later(due, minutes(1)) });
  expect(decision).toMatchObject({ to: "ask-again", at: later(due, minutes(6)) });
  expect(decision.reason).toBe(
    "the data is not ready: stock: the data is of 2026-11-19, wanted is 2026-11-20; asked again at 2026-11-20 06:06 UTC",
  );
});

test("the last question falls exactly on the cut-off", () => {
  expect(decide({ now: later(due, minutes(88)) })).toMatchObject({ to: "ask-again", at: later(due, minutes(90)) });
});

test.each(["send-with-notice", "send-late-note", "skip"] as const)(
  "at the cut-off the report's rule holds: %s",
  (otherwise) => {
    const decision = decide({ now: later(due, minutes(90)), rules: { ...rules, otherwise } });
    expect(decision).toMatchObject({ to: "give-up", otherwise, dataAsOf: "2026-11-19" });
    expect(decision.reason).toContain("not ready by 2026-11-20 07:30 UTC: stock");
  },
);

test("data that is ready long after the cut-off, as after downtime, still means go", () => {
  expect(decide({ now: later(due, minutes(600)), answers: [ready] })).toMatchObject({ to: "go" });
});

test("whatever the rules, asking again lies after now and not after the cut-off, so it ends", () => {
  const number = fc.integer({ min: 0, max: minutes(2_000) });
  fc.assert(
    fc.property(number, number, number, (sinceDue, everyMs, untilMs) => {
      const now = later(due, sinceDue - minutes(500));
      const decision = decide({ now, rules: { ...rules, everyMs, untilMs } });
      if (decision.to !== "ask-again") return sinceDue - minutes(500) >= untilMs;
      return before(now, decision.at) && msBetween(decision.at, later(due, untilMs)) >= 0;
    }),
  );
});

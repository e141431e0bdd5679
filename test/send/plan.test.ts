import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantOf, later, msBetween } from "#model/time.ts";
import { afterFault, beforeSending, type FailedTry } from "#send/plan.ts";

const now = instantOf(1_800_000_000_000);
const failed = (more: Partial<FailedTry> = {}): FailedTry => ({
  retry: "later",
  attempts: 1,
  maxAttempts: 8,
  now,
  expiresAt: later(now, 12 * 3_600_000),
  random: 0.5,
  ...more,
});

const waitOf = (more: Partial<FailedTry>): number | string => {
  const decision = afterFault(failed(more));
  return decision.do === "wait" ? msBetween(now, decision.until) : decision.do;
};

describe("after a failed try", () => {
  test.each([
    ["refused for good is given up", { retry: "never" }, "give-up"],
    ["maybe taken is uncertain", { retry: "unknown" }, "uncertain"],
    ["maybe taken is uncertain under ask", { retry: "unknown", whenUncertain: "ask" }, "uncertain"],
    ["maybe taken waits for another try under resend", { retry: "unknown", whenUncertain: "resend" }, 15_000],
    ["the first temporary failure waits up to half a minute", {}, 15_000],
    ["the third waits up to two minutes", { attempts: 3 }, 60_000],
    ["the seventh waits up to half an hour", { attempts: 7 }, 900_000],
    ["the last allowed try is the last", { attempts: 8 }, "give-up"],
    ["those at which the mailer was away don't count", { attempts: 20, counted: 7, random: 0.1 }, 180_000],
    [
      "a mailer that is away is asked again within five minutes, as long as there is time",
      { attempts: 99, isAway: true },
      150_000,
    ],
    [
      "away or not, an email that would be too late isn't tried",
      { isAway: true, expiresAt: later(now, 10_000) },
      "give-up",
    ],
    ["a try after the expiry isn't made", { expiresAt: later(now, 10_000) }, "give-up"],
    ["an unlucky chance of 0 still waits a second", { random: 0 }, 1_000],
    ["half a minute is the most of the spread", { retryAfterMs: 600_000 }, 615_000],
    ["what the server asked for comes first, the spread after it", { retryAfterMs: 3_000 }, 4_500],
    [
      "resend ends with the tries, and then nobody knows",
      { retry: "unknown", whenUncertain: "resend", attempts: 8 },
      "uncertain",
    ],
    [
      "resend ends with the expiry, and then nobody knows",
      { retry: "unknown", whenUncertain: "resend", expiresAt: later(now, 1) },
      "uncertain",
    ],
  ] as const)("%s", (_, more, expected) => {
    expect(waitOf(more)).toBe(expected);
  });

  test("every decision has a reason in words", () => {
    const retries = ["never", "later", "unknown"] as const;
    for (const retry of retries) expect(afterFault(failed({ retry })).reason).toMatch(/^[A-Z].+\.$/);
  });

  test("never waits beyond the expiry, below a second or below what the server asked for", () => {
    const input = fc.record({
      attempts: fc.integer({ min: 1, max: 1_000 }),
      random: fc.double({ min: 0, max: 1, noNaN: true }),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 3_600_000 })),
      lifeMs: fc.integer({ min: -1_000, max: 86_400_000 }),
    });
    fc.assert(
      fc.property(input, ({ lifeMs, ...more }) => {
        const decision = afterFault(failed({ ...more, maxAttempts: 2_000, expiresAt: later(now, lifeMs) }));
        if (decision.do !== "wait") return decision.do === "give-up";
        const wait = msBetween(now, decision.until);
        return (
          wait >= Math.min(1_000, lifeMs) && wait >= (more.retryAfterMs ?? 0) && wait < lifeMs && wait <= 5_400_000
        );
      }),
    );
  });
});

describe("before a try", () => {
  const facts = { now, expiresAt: later(now, 1_000), notBefore: null, attempts: 0, maxAttempts: 8 };
  test.each([
    ["what is due is sent", {}, "send"],
    ["what expired is given up, also at that very moment", { expiresAt: now }, "give-up"],
    ["what has a later time waits for it", { notBefore: later(now, 500) }, "wait"],
    ["what has a time that came is sent", { notBefore: now }, "send"],
    ["what had all its tries is given up", { attempts: 8 }, "give-up"],
  ] as const)("%s", (_, more, expected) => {
    expect(beforeSending({ ...facts, ...more }).do).toBe(expected);
  });
});

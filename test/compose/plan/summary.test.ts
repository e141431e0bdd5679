import { describe, expect, test } from "vitest";
import { planSummary, type SummaryInput } from "#compose/plan/summary.ts";
import { Temporal } from "#model/time.ts";

const input = (more: Partial<SummaryInput> = {}): SummaryInput => ({
  title: "Daily Sales",
  nominal: Temporal.Instant.from("2026-11-19T06:00:00Z"),
  zone: "Europe/Berlin",
  zones: [],
  locale: "en",
  counts: { sent: 498 },
  finishedAt: Temporal.Instant.from("2026-11-19T06:04:00Z"),
  troubles: [],
  ledgerUrl: null,
  ...more,
});

const trouble = {
  recipient: "Anna Berg",
  outcome: "failed",
  reason: "550 no such user",
  toDo: "Correct the address.",
} as const;

describe("the owner's summary", () => {
  test("says how many were sent by when, and that nothing is to be done", () => {
    expect(planSummary(input())).toMatchObject({
      subject: "✓ 498 sent · Daily Sales · Thu 19 Nov",
      headline: "All 498 emails were sent by 07:04.",
      tone: "good",
      toDo: "Nothing needs you today.",
      rows: [],
      late: null,
    });
  });

  test("says what failed, why and what to do, and counts skipped ones as not owed", () => {
    const view = planSummary(
      input({ counts: { sent: 496, failed: 1, quarantined: 1, skipped: 12 }, troubles: [trouble] }),
    );
    expect(view).toMatchObject({ subject: "⚠ 496/498 sent · Daily Sales · Thu 19 Nov", tone: "bad" });
    expect(view.headline).toBe("496 of 498 emails were sent by 07:04.");
    expect(view.counts.map(({ count, words }) => `${count} ${words}`)).toEqual([
      "496 sent",
      "1 held back",
      "1 failed",
      "12 skipped",
    ]);
    expect(view.rows).toEqual([{ ...trouble, outcome: "failed", tone: "bad" }]);
  });

  test.each([
    [{ sent: 1 }, "The one email was sent by 07:04."],
    [{ skipped: 3 }, "No email was due."],
    [{ sent: 0, failed: 1 }, "0 of 1 emails were sent by 07:04."],
  ])("of %o says: %s", (counts, headline) => {
    expect(planSummary(input({ counts })).headline).toBe(headline);
  });

  test("names its zone where there is one for each", () => {
    const view = planSummary(input({ zone: "America/New_York", zones: ["America/New_York"] }));
    expect(view).toMatchObject({
      subject: "✓ 498 sent · Daily Sales, New York · Thu 19 Nov",
      kind: "Summary · New York",
      headline: "All 498 emails were sent by 01:04.",
    });
  });

  test("of a morning in several zones names the first ones and counts the others", () => {
    const zones = ["Europe/Berlin", "Europe/Paris", "Africa/Lagos", "Europe/Rome", "Europe/Oslo"];
    expect(planSummary(input({ zones })).kind).toBe("Summary · Berlin + Paris + Lagos + 2");
  });

  test.each([
    [{ sent: 1, quarantined: 1 }, "warn"],
    [{ sent: 1, uncertain: 1 }, "bad"],
    [{ sent: 1, expired: 1 }, "bad"],
    [{ sent: 0, waiting: 3 }, "warn"],
    [{ sent: 0, skipped: 3 }, "good"],
  ] as const)("of %o is %s", (counts, tone) => {
    expect(planSummary(input({ counts })).tone).toBe(tone);
  });

  test("says that the data was late, with its day where it is known", () => {
    expect(planSummary(input({ lateData: "2026-11-18" })).late).toContain("Wednesday 18 November");
    expect(planSummary(input({ lateData: null })).late).toBe("The data was late.");
  });

  test("shows forty rows and counts the others", () => {
    const view = planSummary(
      input({ counts: { sent: 1, failed: 100 }, troubles: Array.from({ length: 100 }, () => trouble) }),
    );
    expect(view.rows).toHaveLength(40);
    expect(view.more).toBe("+60 more");
  });

  test("speaks the owner's language", () => {
    expect(planSummary(input({ locale: "de-DE" })).headline).toBe("Alle 498 E-Mails waren um 07:04 verschickt.");
    expect(planSummary(input({ locale: "nl" })).headline).toBe("Alle 498 e-mails waren om 07:04 verstuurd.");
  });
});

import { expect, test } from "vitest";
import { judgeWave, restOf, type WaveState } from "#audience/plan/wave.ts";
import { planAudience } from "#audience/plan.ts";
import { later, Temporal } from "#model/time.ts";
import { facts, people, recipient, subscription } from "../../support/audience.ts";

const names = ["a", "b", "c", "d"];
const who = people({
  recipients: names.map((name) => recipient(name)),
  subscriptions: names.map((recipientId) => subscription({ recipientId })),
});
const drafts = planAudience(facts(who));
const rest = (to: readonly string[], size: number, { owner = null as string | null, some = drafts } = {}) =>
  [...restOf({ firstWave: { to, size, restAfterMs: null }, owner, drafts: some, recipients: who.recipients })].map(
    ({ recipientId }) => recipientId,
  );

test("the owner and who is named go first, by key or address in any case, and so many others", () => {
  const email = who.recipients[2]?.email.toUpperCase() ?? "";
  expect(rest([email], 0, { owner: "a" })).toEqual(["b", "d"]);
  expect(rest(["d"], 2)).toEqual(["c"]);
  expect(rest([], 1)).toEqual(["b", "c", "d"]);
});

test("where none of the chosen gets anything this time, one other goes ahead and the rest still waits", () => {
  expect(rest(["nobody@example.com"], 0)).toEqual(["b", "c", "d"]);
  const skipped = drafts.map((draft) => (draft.recipientId === "a" ? { ...draft, skip: "on leave" } : draft));
  expect(rest(["a"], 0, { some: skipped })).toEqual(["c", "d"]);
});

const now = Temporal.Instant.from("2026-11-20T06:30:00Z");
const state = (change: Partial<WaveState>): WaveState => ({
  firstWave: { to: [], size: 1, restAfterMs: 600_000 },
  counts: { sent: 1 },
  lastSent: later(now, -600_000),
  quarantined: 0,
  bounced: 0,
  now,
  ...change,
});

test.each([
  ["released once it is out for long enough", {}, "release"],
  ["kept a little longer", { lastSent: later(now, -599_000) }, "wait"],
  ["kept while one of the first is under way", { counts: { sent: 1, composed: 1 } }, "wait"],
  ["held when one of the first failed", { counts: { sent: 1, failed: 1 } }, "hold"],
  ["held when nobody knows of one of the first", { counts: { sent: 1, uncertain: 1 } }, "hold"],
  ["held when one of the rest is quarantined", { quarantined: 1 }, "hold"],
  ["held when one of the first came back", { bounced: 1 }, "hold"],
  ["held when nobody of the first got it", { counts: { skipped: 1 }, lastSent: null }, "hold"],
  ["held until somebody lets it go", { firstWave: { to: [], size: 1, restAfterMs: null } }, "hold"],
] as const)("the rest is %s", (_, change, outcome) => {
  expect(judgeWave(state(change)).do).toBe(outcome);
});

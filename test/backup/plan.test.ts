import { describe, expect, test } from "vitest";
import { reasonInWords } from "#backup/plan/reasons.ts";
import { planRotation, type Rotation } from "#backup/plan.ts";
import type { Archive, Retention } from "#model/backup.ts";
import { Temporal } from "#model/time.ts";
import { archiveOf, factsOf, keptDates, nightly, rotated, usual } from "./archives.ts";

const reasonsOf = ({ keep }: Rotation, date: string): readonly string[] =>
  keep.filter(({ key }) => key.includes(date)).flatMap(({ reasons }) => reasons.map(reasonInWords));

const railsOf = ({ refusals }: Rotation): readonly string[] => refusals.map(({ rail }) => rail);

/** Dates of an unbroken series, newest first, that the original script would keep on the last day of it. */
const keptByScript = (archives: readonly Archive[]): readonly string[] =>
  archives
    .filter(({ date }, age) => age < 14 || date.endsWith("-01") || (sundays.has(date) && age < 180))
    .map(({ date }) => date);

const all = nightly("2026-11-21", 1_095);
const sundays = new Set(all.filter((_, back) => back % 7 === 6).map(({ date }) => date));

describe("what is kept", () => {
  test("without a failed night it is exactly what the original script keeps, on each of three years' days", () => {
    let differing = 0;
    for (let day = 0; day < all.length; day += 1) {
      const archives = all.slice(day);
      // The script knows nothing of a series that begins in the middle of a week or a month.
      const ours = keptDates(rotated(archives)).filter((date) => date >= "2023-12-03");
      const theirs = keptByScript(archives).filter((date) => date >= "2023-12-03");
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) differing += 1;
    }
    expect(differing).toBe(0);
  });

  test("each archive says every reason for which it is kept", () => {
    const plan = rotated(nightly("2026-11-21", 40));
    expect(reasonsOf(plan, "2026-11-21")).toEqual(["newest 1", "daily 1"]);
    expect(reasonsOf(plan, "2026-11-15")).toEqual(["daily 7", "weekly 2026-11-15"]);
    expect(reasonsOf(plan, "2026-11-01")).toEqual(["weekly 2026-11-01", "monthly 2026-11"]);
    // The series begins in the middle of a week and of a month: its first archive stands for both.
    expect(reasonsOf(plan, "2026-10-13")).toEqual([
      "weekly 2026-10-11 (none of that day)",
      "monthly 2026-10 (none of 2026-10-01)",
    ]);
  });

  test("without a Sunday the week's next archive stands for it", () => {
    const archives = nightly("2026-11-21", 60).filter(({ date }) => date !== "2026-10-18");
    const plan = rotated(archives);
    expect(reasonsOf(plan, "2026-10-19")).toEqual(["weekly 2026-10-18 (none of that day)"]);
    expect(keptDates(plan)).not.toContain("2026-10-20");
  });

  test("without a day 01 the month's next archive stands for it, for ever", () => {
    const archives = nightly("2026-11-21", 800).filter(({ date }) => !/^2025-03-0[1-4]$/.test(date));
    expect(reasonsOf(rotated(archives), "2025-03-05")).toEqual(["monthly 2025-03 (none of 2025-03-01)"]);
  });

  test("of several archives of a date the last made stands for it, and the others go", () => {
    const first = archiveOf("2026-11-12");
    const second = archiveOf("2026-11-12", { key: "second", madeAt: first.madeAt.add({ hours: 5 }) });
    const plan = rotated([...nightly("2026-11-21", 9), second, first]);
    expect(plan.remove).toEqual([{ key: first.key, reason: "replaced" }]);
    expect(plan.keep.at(-1)?.key).toBe("second");
  });

  test("a night of fifty retries doesn't push the days before out of the three newest", () => {
    const retries = Array.from({ length: 50 }, (_, n) =>
      archiveOf("2026-11-21", {
        key: `retry-${n}`,
        madeAt: Temporal.Instant.from("2026-11-21T02:00:00Z").add({ minutes: n }),
      }),
    );
    const retention: Retention = { ...usual, dailyDays: 1, weekday: null, monthlyDays: 0 };
    const plan = rotated([...retries, ...nightly("2026-11-20", 10)], { retention, approved: retention });
    expect(plan.keep.map(({ key }) => key.slice(-16))).toEqual([
      ...["retry-49", "retry-48", "retry-47"],
      ...["2026-11-20.tsbak", "2026-11-19.tsbak"],
    ]);
  });

  test("ages count from the newest verified archive, not from the clock", () => {
    const archives = nightly("2026-11-21", 14);
    const plan = rotated(archives, { now: Temporal.Instant.from("2027-12-24T00:00:00Z") });
    expect(plan.remove).toEqual([]);
  });

  test("pinned and locked archives stay whatever their age", () => {
    const pinned = archiveOf("2026-08-05", { pin: "before the upgrade to 2026.3" });
    const locked = archiveOf("2026-08-06", { lockedUntil: Temporal.Instant.from("2026-12-01T00:00:00Z") });
    const unlocked = archiveOf("2026-08-07", { lockedUntil: Temporal.Instant.from("2026-11-20T00:00:00Z") });
    const plan = rotated([
      ...nightly("2026-11-21", 30),
      unlocked,
      locked,
      archiveOf("2026-08-03"),
      archiveOf("2026-08-02"),
      archiveOf("2026-08-01"),
      pinned,
    ]);
    expect(reasonsOf(plan, "2026-08-05")).toEqual(["pinned: before the upgrade to 2026.3"]);
    expect(reasonsOf(plan, "2026-08-06")).toEqual(["locked until 2026-12-01"]);
    expect(plan.remove.map(({ key }) => key)).toEqual(expect.arrayContaining([unlocked.key]));
  });

  test("the archive that was made just now stays, even when a wrong clock gave it an old date", () => {
    const now = archiveOf("2025-02-03", { madeAt: Temporal.Instant.from("2026-11-21T02:00:00Z") });
    const archives = [...nightly("2026-11-20", 60), archiveOf("2025-02-02"), archiveOf("2025-02-01"), now];
    const plan = rotated(archives, { thisRun: now.key });
    expect(plan.keep.find(({ key }) => key === now.key)?.reasons).toEqual([{ rule: "this-run" }]);
  });

  test.each<[string, Retention, readonly string[]]>([
    ["daily only", { ...usual, dailyDays: 5, weekday: null, monthlyDays: 0 }, ["21", "20", "19", "18", "17"]],
    [
      "weekly on Wednesdays",
      { ...usual, dailyDays: 1, weekday: 3, weeklyDays: 15, monthlyDays: 0 },
      ["21", "20", "19", "18", "11"],
    ],
    ["monthly on the 15th", { ...usual, dailyDays: 1, weekday: null, monthDay: 15 }, ["21", "20", "19", "15", "08"]],
    ["nothing but the floor", { ...usual, dailyDays: 1, weekday: null, monthlyDays: 3 }, ["21", "20", "19"]],
  ])("a policy of %s", (_, retention, kept) => {
    const plan = rotated(nightly("2026-11-21", 14), { retention, approved: retention });
    expect(keptDates(plan).map((date) => date.slice(-2))).toEqual(kept);
  });
});

describe("archives that aren't verified", () => {
  const unproven = (date: string, state: Archive["state"] = "suspect") => archiveOf(date, { state, verifiedAt: null });
  const settled = (archives: readonly Archive[]) =>
    rotated(archives, { now: Temporal.Instant.from("2026-11-21T03:00:00Z") });

  test("never stand for anything: the verified ones are kept as if they weren't there", () => {
    const verified = nightly("2026-11-21", 100).filter(({ date }) => date !== "2026-10-04");
    const plan = settled([...verified, unproven("2026-10-04")]);
    expect(reasonsOf(plan, "2026-10-05")).toEqual(["weekly 2026-10-04 (none of that day)"]);
    expect(plan.remove).toContainEqual({ key: unproven("2026-10-04").key, reason: "unproven" });
  });

  test("stay for seven days", () => {
    const verified = nightly("2026-11-21", 30).filter(({ date }) => date < "2026-11-13" || date > "2026-11-16");
    const doubles = ["2026-11-19", "2026-11-12"].map((date) => ({ ...unproven(date), key: `${date}-second` }));
    const plan = settled([...verified, ...doubles]);
    expect(plan.keep.find(({ key }) => key === "2026-11-19-second")?.reasons).toEqual([{ rule: "young" }]);
    expect(plan.remove).toContainEqual({ key: "2026-11-12-second", reason: "unproven" });
  });

  test.each(["suspect", "made", "broken"] as const)("a %s one stays while it is all there is of its month", (state) => {
    const plan = settled([...nightly("2026-11-21", 14), unproven("2026-06-10", state)]);
    expect(reasonsOf(plan, "2026-06-10")).toEqual(["not verified, but the only one of its week"]);
    expect(plan.remove).toEqual([]);
  });

  test("one whose manifest is gone isn't counted as verified", () => {
    const archives = nightly("2026-11-21", 20);
    const manifests = new Set(archives.slice(1).map(({ key }) => key));
    const plan = rotated(archives, { listing: { archives: new Set(archives.map(({ key }) => key)), manifests } });
    expect(reasonsOf(plan, "2026-11-20")[0]).toBe("newest 1");
    expect(railsOf(plan)).toEqual(["listing-lacks"]);
  });
});

describe("nothing is removed", () => {
  const archives = nightly("2026-11-21", 20);
  const old = archives.map((one, at) => ({ ...one, key: `${at}` }));

  test.each<[string, Parameters<typeof factsOf>[1], string]>([
    ["when the archive of this run isn't verified", { thisRun: "bi/2026/11/other" }, "not-fresh"],
    ["when the newest verified archive is older than one that is owed", { owed: "2026-11-22" }, "not-fresh"],
    [
      "when the bucket's clock is six minutes ahead",
      { serverNow: Temporal.Instant.from("2026-11-21T03:06:00Z") },
      "clock-apart",
    ],
    [
      "when the bucket's clock is six minutes behind",
      { serverNow: Temporal.Instant.from("2026-11-21T02:54:00Z") },
      "clock-apart",
    ],
    [
      "when the newest archive is of the day after tomorrow",
      { now: Temporal.Instant.from("2026-11-19T21:59:00Z") },
      "future",
    ],
    [
      "when a manifest has a version that isn't known",
      { unreadable: [{ key: "k", words: "version 2" }] },
      "unknown-manifest",
    ],
    ["when more would go than max(3, a fifth)", { allowDelete: null }, "too-many"],
    ["when more would go than was allowed", { allowDelete: 4 }, "too-many"],
    [
      "when the policy keeps nothing",
      { retention: { ...usual, dailyDays: 0, weekday: null, monthlyDays: 0 } },
      "policy-empty",
    ],
    ["the first time ever without a word", { approved: null }, "policy-shorter"],
    ["the first time by a shorter retention", { approved: { ...usual, dailyDays: 15 } }, "policy-shorter"],
    ["the first time by another weekday", { approved: { ...usual, weekday: 6 } }, "policy-shorter"],
    ["the first time when months end", { retention: { ...usual, monthlyDays: 400 } }, "policy-shorter"],
  ])("%s", (_, more, rail) => {
    expect(railsOf(rotated(archives, more))).toContain(rail);
  });

  test("when none is verified", () => {
    expect(railsOf(rotated(archives.map((one) => ({ ...one, state: "made" as const }))))).toEqual(["nothing-verified"]);
  });

  test("when the listing lacks an archive, even one that would go", () => {
    const keys = new Set(archives.slice(0, -3).map(({ key }) => key));
    const plan = rotated(archives, { listing: { archives: keys, manifests: new Set(archives.map(({ key }) => key)) } });
    expect(railsOf(plan)).toEqual(["listing-lacks"]);
    expect(plan.refusals[0]?.words).toMatch(/bi-2026-11-04\.tsbak”, “.+, “.+”\.$/);
  });

  test("each refusal says what to do", () => {
    for (const { hint, words } of rotated(old, { approved: null, allowDelete: null, owed: "2026-12-01" }).refusals) {
      expect(words).toMatch(/\.$/);
      expect(hint).toMatch(/daybreak backup/);
    }
  });
});

describe("something is removed", () => {
  test("when nothing stands against it", () => {
    const plan = rotated(nightly("2026-11-21", 18), { allowDelete: null });
    expect(plan.refusals).toEqual([]);
    expect(plan.remove.map(({ key }) => key.slice(-16, -6))).toEqual(["2026-11-07", "2026-11-06", "2026-11-05"]);
  });

  test("by a shorter retention once it was confirmed, and by a longer one without a word", () => {
    const archives = nightly("2026-11-21", 20);
    expect(rotated(archives, { approved: { ...usual, dailyDays: 90 }, confirmed: true }).refusals).toEqual([]);
    expect(rotated(archives, { approved: { ...usual, dailyDays: 7, weeklyDays: 20 } }).refusals).toEqual([]);
  });

  test("a first policy under which nothing goes needs no word", () => {
    expect(rotated(nightly("2026-11-21", 10), { approved: null }).refusals).toEqual([]);
  });

  test("clocks four minutes apart, an archive of tomorrow and a fifth of them are within bounds", () => {
    const archives = nightly("2026-11-21", 60);
    const plan = planRotation(
      factsOf(
        archives.filter((_, at) => at < 20 || at > 30),
        {
          now: Temporal.Instant.from("2026-11-20T01:00:00Z"),
          serverNow: Temporal.Instant.from("2026-11-20T01:04:00Z"),
          retention: { ...usual, dailyDays: 48 },
          allowDelete: null,
        },
      ),
    );
    expect(plan.refusals).toEqual([]);
  });
});

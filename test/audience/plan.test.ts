import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guardAudience, isChosenSkip, planAudience, planRequest, schedulesOf } from "#audience/plan.ts";
import type { Recipient, Subscription } from "#model/people.ts";
import { facts, nominal, one, people, recipient, subscription } from "../support/audience.ts";
import { reportNamed } from "../support/reports.ts";

describe("who gets a slot's report", () => {
  test("a person with a subscription gets one delivery with the filter from the person's row", () => {
    expect(one({})).toMatchObject({
      recipientId: "a",
      filters: { Region: ["North"] },
      skip: null,
      envelope: { to: "a@example.com" },
    });
  });

  test.each<[string, readonly [Partial<Recipient>, Partial<Subscription>], RegExp]>([
    ["a paused person", [{ pausedUntil: "2026-11-20" }, {}], /paused until 2026-11-20/],
    ["one who starts later", [{ validFrom: "2026-11-21" }, {}], /starts on 2026-11-21/],
    ["one whose time is over", [{ validUntil: "2026-11-19" }, {}], /ended on 2026-11-19/],
    ["a subscription that starts later", [{}, { start: "2026-12-01" }], /starts on 2026-12-01/],
    ["a stopped subscription", [{}, { active: false }], /not active/],
    ["an unknown zone", [{ zone: "Mars/Base" }, {}], /Mars\/Base/],
    ["an invalid address", [{ email: "mia@example" }, {}], /mia@example.*no dot/],
    ["an address with a line break", [{ email: "a@example.com\nBcc: b@example.com" }, {}], /line break/],
    ["a row without the filter's column", [{ attributes: {} }, {}], /region.*Region/],
    ["an empty list of values", [{}, { filters: { Region: [] } }], /Region.*no value/],
    ["no filter at all", [{}, { filters: {} }], /no filter at all/],
  ])("%s is skipped with the reason", (_name, [change, claim], reason) => {
    expect(one(change, claim)?.skip).toMatch(reason);
  });

  test.each<[string, readonly [Partial<Recipient>, Partial<Subscription>], boolean]>([
    ["a paused person", [{ pausedUntil: "2026-11-20" }, {}], true],
    ["one who starts later", [{ validFrom: "2026-11-21" }, {}], true],
    ["one whose time is over", [{ validUntil: "2026-11-19" }, {}], true],
    ["a stopped subscription", [{}, { active: false }], true],
    ["an unknown zone", [{ zone: "Mars/Base" }, {}], false],
    ["an invalid address", [{ email: "mia@example" }, {}], false],
    ["a row without the filter's column", [{ attributes: {} }, {}], false],
  ])("the skip of %s: was it somebody's wish", (_name, [change, claim], isWished) => {
    expect(isChosenSkip(one(change, claim)?.skip ?? "")).toBe(isWished);
  });

  test("who isn't active is not in the audience at all", () => {
    expect(one({ active: false })).toBeUndefined();
  });

  test("a suppressed address falls back on the alternate one, and is skipped where there is none", () => {
    const suppressions = [{ email: "a@example.com", reason: "bounced", since: nominal }];
    const reason = one({}, {}, { suppressions })?.skip ?? "";
    expect(reason).toMatch(/suppressed: bounced/);
    expect(isChosenSkip(reason)).toBe(true);
    expect(one({ alternateEmails: ["b@example.com"] }, {}, { suppressions })).toMatchObject({
      skip: null,
      envelope: { to: "b@example.com" },
    });
  });

  test("“all” must be said explicitly: it is never what is left over", () => {
    expect(one({ attributes: {} }, { filters: "all" })).toMatchObject({ filters: "all", skip: null });
    expect(one({ attributes: { region: " " } })?.skip).not.toBeNull();
  });

  test("a holiday of the person's own calendar skips that person", () => {
    const who = people({
      recipients: [recipient("a", { calendar: "bavaria" }), recipient("b")],
      subscriptions: [subscription({ recipientId: "a" }), subscription({ recipientId: "b" })],
    });
    const drafts = planAudience(facts(who, reportNamed("sales"), { holidays: { bavaria: "Corpus Christi" } }));
    expect(drafts.map((draft) => draft.skip)).toEqual([expect.stringMatching(/Corpus Christi/), null]);
  });
});

test("each zone of the people makes a schedule of its own, and a person belongs to one slot only", () => {
  const report = { ...reportNamed("sales"), schedule: { ...reportNamed("sales").schedule, zone: null } };
  const who = people({
    recipients: [
      recipient("a", { zone: "Asia/Tokyo" }),
      recipient("b", { zone: "Europe/Berlin" }),
      recipient("c", { zone: "nowhere" }),
    ],
    subscriptions: ["a", "b", "c"].map((id) => subscription({ recipientId: id })),
  });
  expect(
    schedulesOf(report, who)
      .map((pair) => pair.zone)
      .sort(),
  ).toEqual(["Asia/Tokyo", "Europe/Berlin"]);
  const drafts = planAudience(facts(who, report));
  expect(drafts.map((draft) => [draft.recipientId, draft.skip === null])).toEqual([
    ["b", true],
    ["c", false],
  ]);
});

test("reports of one bundle become one delivery per person, with the parts of both", () => {
  const report = { ...reportNamed("sales"), bundled: [reportNamed("stock")] };
  const who = people({
    recipients: [recipient("a")],
    subscriptions: [subscription({ recipientId: "a" }), subscription({ recipientId: "a", report: "stock" })],
  });
  const drafts = planAudience(facts(who, report));
  expect(drafts).toHaveLength(1);
  expect(drafts[0]?.parts.map((part) => part.report)).toEqual(["sales", "stock"]);
});

test("of one bundle no two deliveries of a person have one name, or one would be lost: a skip and another address included", () => {
  const report = { ...reportNamed("sales"), bundled: [reportNamed("stock"), reportNamed("orders")] };
  const claims = ["sales", "stock", "orders"].map((name) =>
    subscription({ recipientId: "a", report: name, active: name !== "sales" }),
  );
  const copy = {
    id: "1",
    recipientId: "a",
    report: "orders",
    kind: "cc",
    email: "b@x.com",
    from: null,
    until: null,
  } as const;
  const drafts = planAudience(
    facts(people({ recipients: [recipient("a")], subscriptions: claims, copies: [copy] }), report),
  );
  expect(drafts.map((draft) => [draft.report, draft.skip, draft.parts.map((part) => part.report)])).toEqual([
    ["sales", null, ["stock"]],
    ["orders", null, ["orders"]],
  ]);
});

test("the audience guard pauses when the number changed by more than the share, and only then", () => {
  const report = { ...reportNamed("sales"), audienceGuard: 0.2 };
  expect(guardAudience(report, 100, 79)).toMatch(/100 to 79/);
  expect(guardAudience(report, 100, 81)).toBeNull();
  expect(guardAudience(report, null, 5)).toBeNull();
});

test("whatever the rows are, no delivery is owed with other values than its own person's", () => {
  const value = fc.constantFrom("North", "South", "East", "", " ", "O'Brien, Coast");
  const person = fc.record({
    region: fc.oneof(value, fc.array(value, { maxLength: 3 })),
    email: fc.constantFrom("x@example.com", "bad", ""),
    split: fc.constantFrom(null, "sections" as const, "each" as const),
  });
  fc.assert(
    fc.property(fc.array(person, { maxLength: 8 }), (rows) => {
      const recipients = rows.map((row, at) =>
        recipient(String(at), { email: row.email, attributes: { region: row.region } }),
      );
      const subscriptions = rows.map((row, at) =>
        subscription({ id: String(at), recipientId: String(at), split: row.split }),
      );
      for (const draft of planAudience(facts(people({ recipients, subscriptions })))) {
        const own = [rows[Number(draft.recipientId)]?.region ?? ""]
          .flat()
          .map((text) => text.trim())
          .filter((text) => text !== "");
        const asked = draft.parts.flatMap((part) =>
          part.filters === "all" ? ["all"] : (part.filters["Region"] ?? []),
        );
        if (draft.skip === null) expect(asked.length).toBeGreaterThan(0);
        for (const one of asked) expect(own).toContain(one);
      }
    }),
    { numRuns: 500 },
  );
});

test("a request draws up one person's deliveries outside any schedule", () => {
  const who = people({
    recipients: [recipient("a"), recipient("b")],
    subscriptions: [
      subscription({ recipientId: "a", at: "monthly on day 1 08:00" }),
      subscription({ recipientId: "b" }),
    ],
  });
  expect(planRequest(facts(who), "a").map((draft) => draft.recipientId)).toEqual(["a"]);
});

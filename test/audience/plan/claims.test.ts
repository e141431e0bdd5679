import { describe, expect, test } from "vitest";
import { planAudience } from "#audience/plan.ts";
import { facts, one, people, recipient, subscription } from "../../support/audience.ts";

describe("groups", () => {
  const group = { id: "g", key: "g", name: "", memberIds: ["a"], rule: null };

  test("the personal row beats the group's field by field", () => {
    const who = people({
      recipients: [recipient("a")],
      groups: [group],
      subscriptions: [
        subscription({ groupId: "g", filters: { Region: ["South"] }, formats: ["pdf"] }),
        subscription({ recipientId: "a", filters: { Region: ["West"] } }),
      ],
    });
    expect(planAudience(facts(who))).toMatchObject([{ filters: { Region: ["West"] }, formats: ["pdf"] }]);
  });

  test("two groups never make two emails", () => {
    const rule = { id: "h", key: "h", name: "", memberIds: [], rule: { region: ["North"] } };
    const who = people({
      recipients: [recipient("a")],
      groups: [group, rule],
      subscriptions: [subscription({ groupId: "g" }), subscription({ groupId: "h" })],
    });
    expect(planAudience(facts(who))).toHaveLength(1);
  });

  test("an empty rule fits nobody", () => {
    const who = people({
      recipients: [recipient("a")],
      groups: [{ ...group, memberIds: [], rule: {} }],
      subscriptions: [subscription({ groupId: "g" })],
    });
    expect(planAudience(facts(who))).toEqual([]);
  });
});

describe("several values", () => {
  const three = { attributes: { region: ["North", "East", "West"] } };

  test("together they are one picture", () => {
    expect(one(three)?.parts).toMatchObject([{ filters: { Region: ["North", "East", "West"] }, heading: null }]);
  });

  test("in sections they are one email with a part each", () => {
    expect(one(three, { split: "sections" })?.parts.map((part) => part.heading)).toEqual(["North", "East", "West"]);
  });

  test("each by itself they are an email each, told apart by label", () => {
    const who = people({
      recipients: [recipient("a", three)],
      subscriptions: [subscription({ recipientId: "a", split: "each" })],
    });
    expect(planAudience(facts(who)).map((draft) => [draft.label, draft.filters])).toEqual([
      ["North", { Region: ["North"] }],
      ["East", { Region: ["East"] }],
      ["West", { Region: ["West"] }],
    ]);
  });
});

describe("copies", () => {
  const copy = (kind: "cc" | "bcc" | "instead", change = {}) => ({
    id: "1",
    recipientId: "a",
    report: null,
    kind,
    email: "c@example.com",
    from: null,
    until: null,
    ...change,
  });

  test("“instead” takes the person's place, and the person's name is not on it", () => {
    expect(one({}, {}, { copies: [copy("instead")] })?.envelope).toEqual({
      to: "c@example.com",
      toName: null,
      cc: [],
      bcc: [],
    });
  });

  test("cc and bcc come along between their dates only", () => {
    expect(
      one({}, {}, { copies: [copy("cc"), copy("bcc", { email: "d@example.com", until: "2026-11-19" })] })?.envelope,
    ).toMatchObject({ to: "a@example.com", cc: ["c@example.com"], bcc: [] });
  });
});

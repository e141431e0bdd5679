import { describe, expect, test } from "vitest";
import { consequenceOf, type News, type Subject } from "#send/plan/news.ts";

const subject: Subject = {
  state: "uncertain",
  email: "anna@example.com",
  recipients: ["anna@example.com", "boss@example.com"],
};
const of = (more: Partial<News>) =>
  consequenceOf({ kind: "taken", email: "Anna@example.com", words: "", isAddressBad: false, ...more }, subject);

describe("news of an email", () => {
  test.each([
    ["taken", { kind: "taken" }, { confirm: true, fail: false, suppress: null, note: null, isTrouble: false }],
    ["delivered", { kind: "delivered" }, { confirm: true, suppress: null, note: null }],
    ["deferred", { kind: "deferred" }, { confirm: true, suppress: null, note: null }],
    [
      "refused for now: it was taken, and the address goes on",
      { kind: "refused" },
      { confirm: true, suppress: null, note: expect.stringMatching(/refused for now/) },
    ],
    [
      "bounced for good: nothing more to the address",
      { kind: "bounced", isAddressBad: true, words: "550 no such user" },
      { confirm: true, suppress: "came back (Anna@example.com): 550 no such user", isTrouble: true },
    ],
    [
      "called spam: nothing more to the address",
      { kind: "complained" },
      { suppress: expect.stringMatching(/spam/), isTrouble: true },
    ],
    [
      "dropped for a bad address: not sent, and nothing more",
      { kind: "dropped", isAddressBad: true },
      { confirm: false, fail: true, suppress: expect.stringMatching(/dropped/) },
    ],
    [
      "dropped for another reason: not sent, the address goes on",
      { kind: "dropped" },
      { confirm: false, fail: true, suppress: null },
    ],
    [
      "a copy dropped: the reader may have it",
      { kind: "dropped", email: "boss@example.com" },
      { confirm: false, fail: false, note: expect.stringMatching(/boss@/) },
    ],
    [
      "unsubscribed from everything",
      { kind: "unsubscribed", isAddressBad: true },
      { confirm: false, suppress: expect.stringMatching(/ended the subscription/), isTrouble: false },
    ],
    [
      "unsubscribed from a group: SendGrid keeps it",
      { kind: "unsubscribed" },
      { suppress: null, note: expect.stringMatching(/ended the subscription/) },
    ],
    [
      "of an address that it never went to is somebody's invention",
      { kind: "bounced", isAddressBad: true, email: "ceo@example.com" },
      { confirm: false, fail: false, suppress: null, note: null, isTrouble: false },
    ],
  ] as const)("%s", (_, more, expected) => {
    expect(of(more)).toMatchObject(expected);
  });
});

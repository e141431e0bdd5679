import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressMistake, mailboxMistake, mailboxOf } from "#model/address.ts";

describe("an address", () => {
  test.each([
    "anna@example.com",
    "anna.berg+reports@mail.example.co.uk",
    "o'brien@example.com",
    "jörg@bücher.example",
    "担当@例え.テスト",
    "daybreak@localhost",
    `${"a".repeat(64)}@example.com`,
  ])("is taken as it is: %s", (email) => {
    expect(addressMistake(email)).toBeNull();
  });

  test.each([
    ["", "the address is empty"],
    ["anna", "there is no @"],
    ["anna@@example.com", "there is more than one @"],
    ["anna@example", "“example” has no dot: a domain looks like example.com"],
    ["@example.com", "nothing stands before the @"],
    ["anna@", "nothing stands after the @"],
    ["anna@example..com", "the domain “example..com” has a dot too many"],
    ["anna@-example.com", "“-example” can't stand in a domain"],
    ["anna@exa_mple.com", "“exa_mple” can't stand in a domain"],
    ["anna@[10.0.0.1]", "“[10” can't stand in a domain"],
    [".anna@example.com", "a dot is out of place before the @"],
    ["an(na)@example.com", "a character before the @ can't stand in an address"],
    ["anna@example.com\nbcc: x@example.com", "the address holds a line break"],
    ["anna @example.com", "the address holds a blank"],
    ["anna\u200B@example.com", "the address holds a character that can't be seen"],
    ["anna@example.com, ben@example.com", "the address holds a blank"],
    ["anna@example.com;ben@example.com", "only one address may stand here"],
    ["<anna@example.com>", "only the address may stand here, without a name or < >"],
    [`${"a".repeat(65)}@example.com`, "the part before the @ is longer than 64"],
    [`a@${"b".repeat(60)}.${"c".repeat(200)}.com`, "the address is longer than 254"],
  ])("is refused: %j", (email, mistake) => {
    expect(addressMistake(email)).toBe(mistake);
  });

  test("with a sign that could end or fork a header, anywhere in it, is refused", () => {
    const sign = fc.constantFrom(...'@<>,;:()[]"\\\r\n\t \0\u00A0\u2028\u202E');
    const email = "anna.berg@mail.example.com";
    fc.assert(
      fc.property(sign, fc.nat(email.length), (odd, at) => {
        expect(addressMistake(email.slice(0, at) + odd + email.slice(at))).not.toBeNull();
      }),
    );
  });
});

describe("a mailbox", () => {
  test.each([
    ["BI Team <bi@example.com>", { name: "BI Team", email: "bi@example.com" }],
    ['"Team, BI" <bi@example.com>', { name: "Team, BI", email: "bi@example.com" }],
    ["bi@example.com", { name: "", email: "bi@example.com" }],
    ["<bi@example.com>", { name: "", email: "bi@example.com" }],
  ])("is a name and an address: %s", (text, mailbox) => {
    expect(mailboxOf(text)).toEqual(mailbox);
    expect(mailboxMistake(text)).toBeNull();
  });

  test.each([
    ["BI <bi@example.com", "it isn't of the form “Name <address>”"],
    ["BI\r\nBcc: x@example.com <bi@example.com>", "it holds a line break"],
    ["BI \u202E <bi@example.com>", "it holds a character that can't be seen"],
    ["BI <bi>", "there is no @"],
  ])("is refused: %j", (text, mistake) => {
    expect(mailboxMistake(text)).toBe(mistake);
  });
});

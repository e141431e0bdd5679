import { expect, test } from "vitest";
import { isOf, readReturnPath, returnPathOf } from "#send/plan/return-path.ts";

const sha256 = "ab12".repeat(16);
const base = "Bounces@Mail.example.com";
const path = returnPathOf(base, { deliveryId: "42", sha256 });

test("an email goes back to an address that names its delivery and its message", () => {
  expect(path).toBe("Bounces+42.ab12ab12ab12ab12ab12@Mail.example.com");
  const read = readReturnPath(path, base);
  expect(read).toEqual({ deliveryId: "42", token: "ab12ab12ab12ab12ab12" });
  expect(read !== null && isOf(read, sha256)).toBe(true);
});

test("the same address in other cases and in brackets is read, too", () => {
  expect(readReturnPath(`<${path.toUpperCase()}>`, base)?.deliveryId).toBe("42");
});

test("another message of the same delivery, or a made-up one, isn't it", () => {
  const read = readReturnPath(path, base);
  expect(read !== null && isOf(read, "cd34".repeat(16))).toBe(false);
});

test.each([
  ["an email that is no delivery goes back to the address itself", "alert-1"],
  ["an id that is no number makes no address", "42\r\nRCPT TO:<x@y>"],
])("%s", (_, deliveryId) => {
  expect(returnPathOf(base, { deliveryId, sha256 })).toBe(base);
});

test.each([
  base,
  "bounces+42@mail.example.com",
  "bounces+42.ab12@mail.example.com",
  `x${path}`,
  `${path}.evil.org`,
  `other+42.${sha256.slice(0, 20)}@mail.example.com`,
  "",
])("%s is no return path", (address) => {
  expect(readReturnPath(address, base)).toBeNull();
});

import { expect, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { retryAfterOf } from "#send/plan/retry-after.ts";

const now = Temporal.Instant.from("2026-11-21T07:28:00Z");
const none = { retryAfter: null, rateLimitReset: null, date: null };

test.each([
  ["nothing said is nothing known", {}, null],
  ["seconds", { retryAfter: "3" }, 3_000],
  ["a date", { retryAfter: "Sat, 21 Nov 2026 07:28:03 GMT" }, 3_000],
  [
    "a date by the clock of who says it",
    { retryAfter: "Sat, 21 Nov 2026 09:00:03 GMT", date: "Sat, 21 Nov 2026 09:00:00 GMT" },
    3_000,
  ],
  ["the end of a rate limit", { rateLimitReset: "1795246083" }, 3_000],
  ["Retry-After stands before the rate limit", { retryAfter: "7", rateLimitReset: "1795246083" }, 7_000],
  ["a time that is over is no wait", { retryAfter: "Sat, 21 Nov 2026 07:00:00 GMT" }, 0],
  ["a wait beyond a day is cut to one", { retryAfter: "999999999" }, 86_400_000],
  ["a date that doesn't exist is none", { retryAfter: "Sat, 31 Feb 2026 07:00:00 GMT" }, null],
  ["words are none", { retryAfter: "soon", rateLimitReset: "later" }, null],
  ["a negative number is none", { retryAfter: "-3" }, null],
] as const)("%s", (_, headers, expected) => {
  expect(retryAfterOf({ ...none, ...headers }, now)).toBe(expected);
});

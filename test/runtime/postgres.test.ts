import { expect, test } from "vitest";
import { postgresTrouble, postgresWords } from "#runtime/postgres.ts";

const withCode = (code: string, words = "no"): Error => Object.assign(new Error(words), { code });

test.each([
  ["ECONNREFUSED", "away"],
  ["ENOTFOUND", "away"],
  ["57P01", "away"],
  ["57P03", "away"],
  ["08006", "away"],
  ["53300", "away"],
  ["28P01", "refused"],
  ["3D000", "refused"],
  ["57014", "timeout"],
  ["53100", "full"],
  ["23505", null],
  ["42601", null],
])("%s means %s", (code, trouble) => {
  expect(postgresTrouble(withCode(code))).toBe(trouble);
});

test.each(["Connection terminated unexpectedly", "timeout exceeded when trying to connect", "Query read timeout"])(
  "the driver's own words without a code mean away: %s",
  (words) => {
    expect(postgresTrouble(new Error(words))).toBe("away");
  },
);

test("several addresses that all refuse are one database that is away, and say so", () => {
  const error = new AggregateError([withCode("ECONNREFUSED"), withCode("ECONNREFUSED")]);
  expect(postgresTrouble(error)).toBe("away");
  expect(postgresWords(error)).toBe("ECONNREFUSED");
});

test("what is no error at all is no trouble of Postgres", () => {
  expect([null, undefined, "away", {}].map(postgresTrouble)).toEqual([null, null, null, null]);
});

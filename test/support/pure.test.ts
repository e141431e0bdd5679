import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { root } from "./sources.ts";

/** A function that looks as if it stood in that file of the project. */
const standingIn = (file: string, code: string): (() => unknown) =>
  runInThisContext(`(Temporal) => () => ${code}`, { filename: root + file })(Temporal);

const impure = [
  "Date.now()",
  "new Date()",
  "new globalThis.Date()",
  "Date()",
  "Temporal.Now.instant()",
  "Temporal.Now.plainDateISO('UTC')",
  "Math.random()",
  "performance.now()",
  "crypto.randomUUID()",
  "setTimeout(() => {}, 1)",
  "setInterval(() => {}, 1)",
  "setImmediate(() => {})",
  "fetch('http://127.0.0.1:9')",
  "[1].map(() => Date.now())",
];

test.each(impure)("among pure tests, src may not call %s", (code) => {
  expect(standingIn("src/model/somewhere.ts", code)).toThrow("pure code gets the time and chance as parameters");
});

test("a package's look at the clock counts for the code of src that called it", () => {
  const library = standingIn("node_modules/some-library/index.js", "Date.now()");
  const caller = runInThisContext("(library) => () => library()", { filename: `${root}src/model/somewhere.ts` });
  expect(caller(library)).toThrow("src/model/somewhere.ts");
});

test("a given date is no clock, and tests may read what they like", () => {
  expect(standingIn("src/model/somewhere.ts", "new Date(0).getTime()")()).toBe(0);
  expect(standingIn("test/somewhere.ts", "Date.now()")()).toBeGreaterThan(0);
});

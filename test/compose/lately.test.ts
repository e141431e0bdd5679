import { expect, test } from "vitest";
import { lately } from "#compose/lately.ts";

test("what was asked for last is remembered, and the oldest is worked out anew", () => {
  const asked: string[] = [];
  const keys = Object.fromEntries(["a", "b", "c"].map((name) => [name, { name }]));
  const name = lately(
    (of: { readonly name: string }) => {
      asked.push(of.name);
      return { name: of.name };
    },
    { most: 2, isSmall: () => true },
  );
  const of = (key: string) => name(keys[key] ?? { name: "" });
  const first = of("a");
  expect(of("a")).toBe(first);
  of("b");
  of("a");
  of("c");
  expect(of("a")).toBe(first);
  of("b");
  expect(asked).toEqual(["a", "b", "c", "b"]);
});

test("what is large is worked out each time", () => {
  const key = {};
  const work = lately(() => ({}), { most: 2, isSmall: () => false });
  expect(work(key)).not.toBe(work(key));
});

test("what failed is asked for anew", () => {
  let tries = 0;
  const read = lately(
    () => {
      tries += 1;
      if (tries === 1) throw new Error("not yet");
      return "read";
    },
    { most: 2, isSmall: () => true },
  );
  const key = {};
  expect(() => read(key)).toThrow("not yet");
  expect(read(key)).toBe("read");
});

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type Path, readDocument } from "#config/document.ts";
import { judge } from "#config/judge.ts";
import { keysOf, shapeAt, wholeShape } from "#config/shape.ts";

const shape = wholeShape();
const example: unknown = parse(readFileSync("config/example.yaml", "utf8"));

/** Every place of the example where a key of the language stands. */
const placesIn = (value: unknown, path: Path): readonly Path[] => {
  if (Array.isArray(value)) return value.flatMap((item, at) => placesIn(item, [...path, at]));
  if (typeof value !== "object" || value === null) return [];
  const known = Object.keys(keysOf(shapeAt(shape, path)));
  return Object.entries(value).flatMap(([key, inner]) => {
    const own: readonly Path[] = known.includes(key) ? [[...path, key]] : [];
    return [...own, ...placesIn(inner, [...path, key])];
  });
};

const places = placesIn(example, []);

/** The word with one slip of typing in it. */
const slip = (word: string, { at, letter, kind }: { at: number; letter: string; kind: number }): string => {
  const place = at % word.length;
  const [before, hit, after] = [word.slice(0, place), word[place] ?? "", word.slice(place + 1)];
  if (kind === 0) return before + letter + hit + after;
  if (kind === 1) return before + letter + after;
  if (kind === 2) return before + after;
  return before + after.slice(0, 1) + hit + after.slice(1);
};

/** The example with the key at `path` written otherwise. */
const renamed = (value: unknown, path: Path, name: string): unknown => {
  const [step, ...rest] = path;
  if (Array.isArray(value)) return value.map((item, at) => (at === step ? renamed(item, rest, name) : item));
  const entries = Object.entries(value as object).map(([key, inner]) => {
    if (key !== step) return [key, inner];
    return rest.length === 0 ? [name, inner] : [key, renamed(inner, rest, name)];
  });
  return Object.fromEntries(entries);
};

test("a slip of typing in any key is named, with the right key beside it", () => {
  expect(places.length).toBeGreaterThan(150);
  const letter = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzEM");
  const slips = fc.record({ at: fc.nat(30), letter, kind: fc.nat(3) });
  fc.assert(
    fc.property(fc.constantFrom(...places), slips, (path, mistyped) => {
      const right = String(path.at(-1));
      const wrong = slip(right, mistyped);
      const known = Object.keys(keysOf(shapeAt(shape, path.slice(0, -1))));
      fc.pre(wrong !== "" && !known.includes(wrong));
      const { findings } = judge(readDocument("daybreak.yaml", stringify(renamed(example, path, wrong))));
      const found = findings
        .filter((finding) => finding.part === "key")
        .map(({ path: at, message }) => ({ at, message }));
      expect(found).toHaveLength(1);
      expect(found[0]?.at).toEqual([...path.slice(0, -1), wrong]);
      expect(found[0]?.message).toContain(`“${right}”`);
    }),
    { numRuns: 300 },
  );
});

test("whatever a value is replaced by, the file is judged without an exception", () => {
  const replaced = (value: unknown, path: Path, by: unknown): unknown => {
    const [step, ...rest] = path;
    if (step === undefined) return by;
    if (Array.isArray(value)) return value.map((item, at) => (at === step ? replaced(item, rest, by) : item));
    const entries = Object.entries(value as object);
    return Object.fromEntries(entries.map(([key, inner]) => [key, key === step ? replaced(inner, rest, by) : inner]));
  };
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }), (path, by) => {
      const document = readDocument("daybreak.yaml", stringify(replaced(example, path, by)));
      const { written, findings } = judge(document);
      expect(written.limits.senders).toBeGreaterThan(0);
      for (const finding of findings) expect(document.spotOf(finding.path, "value").line).toBeGreaterThan(0);
    }),
    { numRuns: 200 },
  );
});

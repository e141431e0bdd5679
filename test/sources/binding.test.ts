import fc from "fast-check";
import { expect, test } from "vitest";
import { bind } from "#sources/binding.ts";

const parameters = { date: "2026-11-20", region: "North", regions: ["North", "O'Brien, Coast"] };

test.each([
  ["select 1", "select 1", 0],
  ["where day = :date", "where day = $1", 1],
  ["where day = :date::date and r = any(:regions)", "where day = $1::date and r = any($2)", 2],
  ["where :date = day or :date > day", "where $1 = day or $2 > day", 2],
  ["select ':date', 'it''s :date', \":date\"", "select ':date', 'it''s :date', \":date\"", 0],
  ["select E'\\' :date' , :region", "select E'\\' :date' , $1", 1],
  ["select $$ :date $$, $a$ :date $$ $a$", "select $$ :date $$, $a$ :date $$ $a$", 0],
  ["select 1 -- :date\n, :region /* :date */", "select 1 -- :date\n, $1 /* :date */", 1],
  ["select list[1:n], (list)[a:date], a::text", "select list[1:n], (list)[a:date], a::text", 0],
  ["select '12:30', x::time, :region||':x'", "select '12:30', x::time, $1||':x'", 1],
])("%s", (sql, text, count) => {
  const bound = bind(sql, parameters);
  expect(bound.text).toBe(text);
  expect(bound.values).toHaveLength(count);
});

test("a name without a value is told with the names that have one, and $1 is no way around it", () => {
  const expected = { code: "source.query", hint: expect.stringContaining(":date, :region, :regions") };
  expect(() => bind("select :Region", parameters)).toThrow(expect.objectContaining(expected));
  expect(() => bind("select $1, :date", parameters)).toThrow(expect.objectContaining(expected));
  expect(() => bind("select :constructor", parameters)).toThrow(expect.objectContaining(expected));
});

test("no value ever gets into the statement", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 3 }), (value) => {
      const bound = bind("select :region", { region: value });
      return bound.text === "select $1" && bound.values[0] === value;
    }),
  );
});

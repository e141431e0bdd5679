import { expect, test } from "vitest";
import { isWhole, recognise } from "#backup/produce/signature.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

const cases: readonly (readonly [extension: string, first: string, expected: boolean | null])[] = [
  ["dump", "PGDMP\u0001\u000f", true],
  ["dump", "pg_dump: error", false],
  ["dump", "PGD", false],
  ["tar.zst", "\x28\xb5\x2f\xfd", true],
  ["sql.zst", "\x1f\x8b", false],
  ["SQL.GZ", "\x1f\x8b\x08", true],
  ["sqlite", "SQLite format 3\0", true],
  ["tsbak", "PK\x03\x04", true],
  ["tsbak", "PK\x05\x06", false],
  ["zip", "PK\x05\x06", true],
  ["bin", "anything", null],
];

test.each(cases)("a .%s that begins with %j", (extension, first, expected) => {
  expect(recognise(extension, bytes(first))).toBe(expected);
});

test("what the operator says stands before what the extension says", () => {
  expect(recognise("sql", bytes("-- MySQL dump"), "-- MySQL")).toBe(true);
  expect(recognise("dump", bytes("PGDMP"), "-- MySQL")).toBe(false);
  expect(recognise("txt", bytes("grün"), "grün")).toBe(false);
  expect(recognise("txt", Buffer.from("grün"), "grün")).toBe(true);
});

test("a zip without its end mark is cut off, one with a comment behind it is not", () => {
  const whole = (last: string): boolean => isWhole("tsbak", { first: bytes("PK"), last: bytes(last), bytes: 99 });
  expect(whole(`rows PK\x05\x06${"\0".repeat(18)}`)).toBe(true);
  expect(whole(`PK\x05\x06${"\0".repeat(18)} a comment`)).toBe(true);
  expect(whole("rows PK\x01\x02 more rows")).toBe(false);
});

test("an SQLite file that is shorter than it says is cut off", () => {
  const first = Buffer.alloc(32);
  first.writeUInt16BE(4_096, 16);
  first.writeUInt32BE(10, 28);
  const whole = (size: number): boolean => isWhole("sqlite", { first, last: first, bytes: size });
  expect([40_960, 40_959].map(whole)).toEqual([true, false]);
  first.writeUInt16BE(1, 16);
  expect([655_360, 655_359].map(whole)).toEqual([true, false]);
});

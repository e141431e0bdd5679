import { expect, test } from "vitest";
import { bytesInWords, judgeSize } from "#backup/plan/size.ts";

const GB = 1024 ** 3;

const cases: readonly (readonly [what: string, bytes: number, lastGood: readonly number[], suspect: boolean])[] = [
  ["the first archive of a backup", 1, [], false],
  ["one as large as usual", 10, [10, 10, 10], false],
  ["one of exactly half the median", 5, [10, 10, 10, 10, 10], false],
  ["one just below half the median", 4.99, [10, 10, 10, 10, 10], true],
  ["one beside a single odd giant", 6, [1_000, 10, 10, 10, 10], false],
  ["one beside a single odd dwarf", 4, [1, 10, 10, 10, 10], true],
  ["one that is only small beside the sixth and older", 5, [10, 10, 8, 8, 8, 1_000, 1_000, 1_000], false],
  ["one of an even number of forerunners", 7, [10, 20], true],
  ["one that is far larger than usual", 1_000, [10, 10], false],
  ["an empty one", 0, [1], true],
];

test.each(cases)("%s", (...[, bytes, lastGood, suspect]) => {
  expect(judgeSize(bytes, lastGood).suspect).toBe(suspect);
});

test("the reason says how much and beside what", () => {
  expect(judgeSize(2.4 * GB, [11 * GB, 10 * GB, 9 * GB])).toEqual({
    suspect: true,
    reason: "2.4 GB is only 24 % of the median of the last 3, 10 GB",
  });
  expect(judgeSize(10, [1_000])).toEqual({
    suspect: true,
    reason: "10 bytes is only 1 % of the median of the last one, 1000 bytes",
  });
});

test("sizes read as people write them", () => {
  const sizes = [0, 1, 1_023, 1_024, 1_536, 10.5 * 1024 ** 2, 100 * GB, 2_000 * GB, 4_000_000 * GB];
  expect(sizes.map(bytesInWords)).toEqual([
    "0 bytes",
    "1 bytes",
    "1023 bytes",
    "1 kB",
    "1.5 kB",
    "10.5 MB",
    "100 GB",
    "2 TB",
    "3906 TB",
  ]);
});

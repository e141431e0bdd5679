import { expect, test } from "vitest";
import { judgeRoom } from "#backup/plan/room.ts";

const judge = (kind: "tableau" | "postgres", freeBytes: number, lastBytes: number | null = 100) =>
  judgeRoom({ kind, dir: "/srv", freeBytes, lastBytes }).verdict;

test("a dump needs a fifth more than the last one, and somebody is told below one and a half", () => {
  expect([119, 120, 149, 150].map((free) => judge("postgres", free))).toEqual(["short", "low", "low", "enough"]);
});

test("tsm puts an archive together before it moves it, so it needs twice the last one", () => {
  expect([199, 200, 249, 250].map((free) => judge("tableau", free))).toEqual(["short", "low", "low", "enough"]);
});

test("before the first archive nobody can say", () => {
  expect(judge("tableau", 0, null)).toBe("enough");
});

test("the reason names the folder and both sizes", () => {
  expect(judgeRoom({ kind: "postgres", dir: "/srv", freeBytes: 1024, lastBytes: 2048 })).toEqual({
    verdict: "short",
    reason: "1 kB are free in /srv, and an archive like the last one needs 2.4 kB",
  });
});

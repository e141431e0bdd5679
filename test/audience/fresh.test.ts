import { expect, test } from "vitest";
import { freshLists } from "#audience/fresh.ts";
import type { Report } from "#model/report.ts";
import { instantOf } from "#model/time.ts";
import { silentLog } from "#runtime/log.ts";
import { reportNamed } from "../support/reports.ts";

const minute = 60_000;

const openAt = (reports: readonly Report[], read: (report: Report) => Promise<void>) => {
  let now = 0;
  const fresh = freshLists({
    clock: { now: () => instantOf(now) },
    log: silentLog,
    reports: async () => reports,
    readLists: read,
  });
  const at = (ms: number): Promise<number> => {
    now = ms;
    return fresh();
  };
  return { at };
};

const listed = (name: string): Report => ({ ...reportNamed(name), audience: { kind: "csv", file: "people.csv" } });

test("a list is read at once, and again when it has gone unread for ten minutes", async () => {
  const names: string[] = [];
  const { at } = openAt([listed("sales"), reportNamed("own")], async ({ name }) => void names.push(name));
  expect([await at(0), await at(minute), await at(9 * minute), await at(11 * minute)]).toEqual([1, 0, 0, 1]);
  expect(names).toEqual(["sales", "sales"]);
});

test("a list that can't be read stops no other, and isn't asked again at every round", async () => {
  const asked: string[] = [];
  const { at } = openAt([listed("sales"), listed("stock")], async ({ name }) => {
    asked.push(name);
    if (name === "sales") throw new Error("gone");
  });
  expect([await at(0), await at(minute)]).toEqual([1, 0]);
  expect(asked).toEqual(["sales", "stock"]);
});

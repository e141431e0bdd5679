import { expect, test } from "vitest";
import { type LocalArchive, planLocal } from "#backup/plan/local.ts";
import { instantOf } from "#model/time.ts";

const archive = (day: number, verified = true, path = `/backups/bi-${day}.tsbak`): LocalArchive => ({
  path,
  madeAt: instantOf(day * 86_400_000),
  verified,
});

test("all but the newest go from the disk, whatever order they come in", () => {
  expect(planLocal([archive(1), archive(3), archive(2)], 1)).toEqual(["/backups/bi-2.tsbak", "/backups/bi-1.tsbak"]);
  expect(planLocal([archive(1), archive(3), archive(2)], 0)).toHaveLength(3);
  expect(planLocal([archive(1), archive(2)], 5)).toEqual([]);
});

test("one that nobody has read back stays, since it may be the only good copy", () => {
  expect(planLocal([archive(1, false), archive(2), archive(3)], 1)).toEqual(["/backups/bi-2.tsbak"]);
});

test("a file that every run writes anew is kept as often as it is the newest", () => {
  const same = [1, 2, 3].map((day) => archive(day, true, "/dumps/crm.sql"));
  expect(planLocal(same, 1)).toEqual([]);
  expect(planLocal(same, 0)).toEqual(["/dumps/crm.sql"]);
});

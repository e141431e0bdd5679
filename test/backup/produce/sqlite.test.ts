import { openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Producer } from "#model/backup.ts";
import { faultOf, place, produce } from "./support.ts";

const grafana = (dir: string, rows = 20_000) => {
  const file = join(dir, "grafana db.sqlite");
  const database = new DatabaseSync(file);
  database.exec("pragma journal_mode = wal; create table dashboard (id integer primary key, words text)");
  database.exec("begin");
  const insert = database.prepare("insert into dashboard (words) values (?)");
  for (let row = 0; row < rows; row += 1) insert.run(`dashboard ${row}`);
  database.exec("commit");
  return { file, database };
};

const asked = (scratch: string, file: string) => {
  const producer: Producer = { kind: "sqlite", file };
  return { producer, extension: "sqlite", scratch };
};

const countIn = (file: string): number => {
  using copy = new DatabaseSync(file, { readOnly: true });
  return Number(copy.prepare("select count(*) as n from dashboard").get()?.n);
};

test("a database is copied while it is in use, with what lies in its log, into one file that stands alone", async () => {
  using here = place();
  const { file, database } = grafana(here.dir);
  database.exec("begin; insert into dashboard (words) values ('not yet there')");
  const { path, version, inScratch } = await produce(asked(here.scratch, file));
  database.exec("rollback");
  database.close();
  expect(inScratch).toBe(true);
  expect(version).toMatch(/^SQLite 3\./);
  expect(countIn(path)).toBe(20_000);
  expect(here.left()).toEqual(["bi-2026-11-21.sqlite"]);
});

test("a database that is damaged, cut off, empty, missing or no database makes no archive", async () => {
  const bad: readonly (readonly [what: string, spoil: (file: string) => void, said: RegExp])[] = [
    ["damaged", (file) => writeSync(openSync(file, "r+"), Buffer.alloc(8_192, 0x5a), 0, 8_192, 40_960), /exit code 1/],
    ["cut off", (file) => truncateSync(file, Math.floor(statSync(file).size / 2)), /exit code 1/],
    ["empty", (file) => truncateSync(file, 0), /is no SQLite database/],
    ["text", (file) => writeFileSync(file, "This is no database at all, only some words. ".repeat(99)), /exit code 1/],
  ];
  let good = 0;
  for (const [what, spoil, said] of bad) {
    using here = place();
    const { file, database } = grafana(here.dir);
    database.close();
    spoil(file);
    const fault = await faultOf(asked(here.scratch, file));
    if (fault === null) good += 1;
    expect(fault?.message, what).toMatch(said);
    expect(here.left(), what).toEqual([]);
  }
  using here = place();
  expect((await faultOf(asked(here.scratch, join(here.dir, "none.db"))))?.message).toMatch(/none\.db can't be read/);
  process.stdout.write(`sqlite: marked good ${good} / ${bad.length}\n`);
  expect(good).toBe(0);
});

test("a copy begins as SQLite files do", async () => {
  using here = place();
  const { file, database } = grafana(here.dir, 10);
  database.close();
  const { path } = await produce(asked(here.scratch, file));
  expect(readFileSync(path).subarray(0, 15).toString()).toBe("SQLite format 3");
});

import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Producer } from "#model/backup.ts";
import { noSmallDisk, smallDisk } from "../../support/disks.ts";
import { faultOf, place } from "./support.ts";

const large = (dir: string): Readonly<Record<string, readonly [Producer, extension: string]>> => {
  const folder = join(dir, "folder");
  mkdirSync(folder);
  writeFileSync(join(folder, "noise"), randomBytes(2_000_000));
  const sqlite = join(dir, "large.db");
  const database = new DatabaseSync(sqlite);
  database.exec("create table noise (bytes blob)");
  database.prepare("insert into noise values (?)").run(randomBytes(2_000_000));
  database.close();
  return {
    "a command that looks at its writes": [
      { kind: "command", run: { shell: "head -c 2000000 /dev/zero" }, file: null, begins: null },
      "bin",
    ],
    "a command that doesn't": [
      { kind: "command", run: { shell: "head -c 2000000 /dev/zero || true; exit 0" }, file: null, begins: null },
      "bin",
    ],
    "a folder": [{ kind: "folder", dir: folder, exclude: [] }, "tar.zst"],
    "an SQLite database": [{ kind: "sqlite", file: sqlite }, "sqlite"],
    "the own database": [{ kind: "own" }, "sql.zst"],
  };
};

test("a disk that is full in the middle is a fault that says so, and the half archive is gone", async ({ skip }) => {
  using here = place();
  using disk = smallDisk(join(here.dir, "disk"), 512);
  if (disk === null) return skip(noSmallDisk);
  const scratch = join(disk.dir, "scratch");
  let good = 0;
  const producers = Object.entries(large(here.dir));
  for (const [what, [producer, extension]] of producers) {
    const ownRows = async function* () {
      for (let piece = 0; piece < 30; piece += 1) yield randomBytes(100_000).toString("base64") + piece;
      yield randomBytes(2_000_000).toString("base64");
    };
    const fault = await faultOf({ producer, extension, scratch, parts: { ownRows } });
    if (fault === null) good += 1;
    expect(fault, what).toMatchObject({ code: "backup.produce", retry: "later" });
    expect(fault?.message, what).toMatch(/disk (was|is) full/);
    expect(readdirSync(scratch), what).toEqual([]);
  }
  process.stdout.write(`full disk: marked good ${good} / ${producers.length}\n`);
  expect(good).toBe(0);
});

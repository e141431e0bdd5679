import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { extract } from "tar-stream";
import { expect, test } from "vitest";
import type { Producer } from "#model/backup.ts";
import { faultOf, place, produce } from "./support.ts";

const full = (dir: string): string => {
  const root = join(dir, "etl");
  mkdirSync(join(root, "cache", "deep"), { recursive: true });
  mkdirSync(join(root, "leer"));
  writeFileSync(join(root, "größe süd.sql"), "select 1;\n");
  writeFileSync(join(root, "run.log"), "noise");
  writeFileSync(join(root, "cache", "deep", "page"), "x");
  writeFileSync(join(root, "big"), Buffer.alloc(3_000_000, "b"));
  writeFileSync(join(root, `${"n".repeat(200)}.txt`), "long name");
  symlinkSync("big", join(root, "link"));
  symlinkSync("/etc", join(root, "outside"));
  return root;
};

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly linkname: string | null;
}

const entriesOf = async (archive: string): Promise<readonly Entry[]> => {
  const reader = extract();
  reader.end(zstdDecompressSync(readFileSync(archive)));
  const found: Entry[] = [];
  for await (const entry of reader) {
    let bytes = 0;
    for await (const chunk of entry) bytes += (chunk as Buffer).length;
    const { name, type, linkname } = entry.header;
    found.push({ name, type: type ?? "file", bytes, linkname: linkname ?? null });
  }
  return found;
};

const asked = (scratch: string, dir: string, exclude: readonly string[] = []) => {
  const producer: Producer = { kind: "folder", dir, exclude };
  return { producer, extension: "tar.zst", scratch };
};

test("a folder becomes a tar of all it holds: empty folders, long names, umlauts, and links as links", async () => {
  using here = place();
  const { path, words } = await produce(asked(here.scratch, full(here.dir)));
  const entries = await entriesOf(path);
  expect(entries.map(({ name, type, bytes, linkname }) => `${type} ${name} ${linkname ?? bytes}`)).toEqual([
    "file big 3000000",
    "directory cache/ 0",
    "directory cache/deep/ 0",
    "file cache/deep/page 1",
    "file größe süd.sql 10",
    "directory leer/ 0",
    "symlink link big",
    `file ${"n".repeat(200)}.txt 9`,
    "symlink outside /etc",
    "file run.log 5",
  ]);
  expect(words).toBe("");
});

test("the machine's own tar and zstd read it", async ({ skip }) => {
  using here = place();
  const { path } = await produce(asked(here.scratch, full(here.dir)));
  let list = "";
  try {
    list = execFileSync("tar", ["--zstd", "-tf", path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    skip("this machine has no tar with zstd");
  }
  expect(list.split("\n")).toContain("cache/deep/page");
});

test("patterns leave out names anywhere, folders with all in them, and paths", async () => {
  using here = place();
  const root = full(here.dir);
  const names = async (exclude: readonly string[]) => {
    const { path } = await produce(asked(join(here.dir, exclude.join("").replaceAll(/\W/g, "_")), root, exclude));
    return (await entriesOf(path)).map(({ name }) => name).filter((name) => /^(cache|run|big)/.test(name));
  };
  expect(await names(["*.log", "cache"])).toEqual(["big"]);
  expect(await names(["cache/**", "./big"])).toEqual(["cache/", "run.log"]);
  expect(await names(["cache/deep/"])).toEqual(["big", "cache/", "run.log"]);
});

test("the folder in which the archive is made is passed by", async () => {
  using here = place();
  const root = full(here.dir);
  const { path } = await produce(asked(join(root, "scratch"), root));
  expect((await entriesOf(path)).filter(({ name }) => name.startsWith("scratch"))).toEqual([]);
});

test("a file that grows or shrinks while it is read keeps the archive whole, and is named in the record", async () => {
  using here = place();
  const root = full(here.dir);
  const growing = join(root, "big");
  // While it is read, as a log is that somebody writes on.
  const timer = setInterval(() => appendFileSync(growing, "more"), 0);
  const { path, words } = await produce(asked(here.scratch, root)).finally(() => clearInterval(timer));
  const entries = await entriesOf(path);
  expect(entries).toHaveLength(10);
  expect(words).toBe("changed while they were read: big");
});

test("an empty folder, one of which all is left out, and a missing one make no archive", async () => {
  using here = place();
  const empty = join(here.dir, "empty", "deeper");
  mkdirSync(empty, { recursive: true });
  let good = 0;
  const judge = async (dir: string, said: RegExp, exclude: readonly string[] = []): Promise<void> => {
    const fault = await faultOf(asked(here.scratch, dir, exclude));
    if (fault === null) good += 1;
    expect(fault?.message).toMatch(said);
    expect(here.left()).toEqual([]);
  };
  await judge(join(here.dir, "empty"), /The folder holds no file\.$/);
  await judge(full(here.dir), /The folder holds no file\.$/, ["**"]);
  await judge(join(here.dir, "none"), /none can't be read/);
  process.stdout.write(`folder: marked good ${good} / 3\n`);
  expect(good).toBe(0);
});

test("a file that may not be read makes no archive, since it would be missed on the day when it is needed", async ({
  skip,
}) => {
  if (process.getuid?.() === 0) skip("root may read everything");
  using here = place();
  const root = full(here.dir);
  chmodSync(join(root, "run.log"), 0o000);
  const fault = await faultOf(asked(here.scratch, root));
  expect(fault?.message).toMatch(/run\.log can't be read/);
  expect(here.left()).toEqual([]);
});

test("a program that stops in the middle leaves nothing", async () => {
  using here = place();
  const root = full(here.dir);
  const stopping = new AbortController();
  const making = faultOf({ ...asked(here.scratch, root), signal: stopping.signal });
  setImmediate(() => stopping.abort());
  expect(await making).toMatchObject({ code: "run.aborted" });
  expect(here.left()).toEqual([]);
});

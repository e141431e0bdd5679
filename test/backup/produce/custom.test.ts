import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CommandLine, Producer } from "#model/backup.ts";
import { alive, faultOf, place, produce } from "./support.ts";

const command = (
  run: CommandLine,
  { file = null, begins = null }: { readonly file?: string | null; readonly begins?: string | null } = {},
): Producer => ({ kind: "command", run, file, begins });

const shell = (line: string, more = {}): Producer => command({ shell: line }, more);

test("what a command says on its standard output is the archive, for the eyes of its owner alone", async () => {
  using here = place();
  const producer = shell("echo all well >&2; head -c 3000000 /dev/zero | tr '\\0' x");
  const produced = await produce({ producer, extension: "txt", scratch: here.scratch });
  expect(produced).toMatchObject({ inScratch: true, words: "all well", beside: [], version: null });
  expect(statSync(produced.path).size).toBe(3_000_000);
  expect(statSync(produced.path).mode & 0o777).toBe(0o600);
});

test("a list of words is seen by no shell", async () => {
  using here = place();
  const producer = command({ words: ["printf", "%s", "$HOME; `id` && 'x'"] });
  const { path } = await produce({ producer, extension: "txt", scratch: here.scratch });
  expect(readFileSync(path, "utf8")).toBe("$HOME; `id` && 'x'");
});

test("a file that the command writes into its scratch folder, or elsewhere, is the archive", async () => {
  using here = place();
  const inside = await produce({
    producer: shell("echo -- dump > crm.sql", { file: "crm.sql" }),
    extension: "sql",
    scratch: here.scratch,
  });
  expect(inside).toMatchObject({ path: join(here.scratch, "crm.sql"), inScratch: true });
  const file = join(here.dir, "outside.sql");
  const outside = await produce({
    producer: shell(`echo -- dump > '${file}'`, { file }),
    extension: "sql",
    scratch: here.scratch,
  });
  expect(outside).toMatchObject({ path: file, inScratch: false });
});

test("a command gets what it is handed and none of our own environment", async () => {
  using here = place();
  process.env.DAYBREAK_TEST_SECRET = "hidden";
  try {
    const producer = shell("env");
    const parts = { environment: { PATH: "/usr/bin:/bin", MINE: "yes" } };
    const { path } = await produce({ producer, extension: "txt", scratch: here.scratch, parts });
    const said = readFileSync(path, "utf8");
    expect(said).toContain("MINE=yes");
    expect(said).toContain("DAYBREAK_STEM=bi-2026-11-21");
    expect(said).not.toContain("hidden");
  } finally {
    delete process.env.DAYBREAK_TEST_SECRET;
  }
});

const bad: readonly (readonly [what: string, producer: Producer, extension: string, said: RegExp])[] = [
  [
    "exits badly after a whole dump",
    shell("head -c 99999 /dev/zero; echo oh >&2; exit 3"),
    "bin",
    /exit code 3\. Its last words: oh$/,
  ],
  ["is killed", shell("echo begin; kill -9 $$"), "bin", /by SIGKILL/],
  ["writes nothing", shell("true"), "bin", /wrote nothing/],
  ["fails before a pipe", shell("(echo half; exit 9) | gzip"), "gz", /exit code 9/],
  ["fails and goes on", shell("false; echo more"), "bin", /exit code 1/],
  [
    "begins otherwise than its extension says",
    shell("echo no gzip"),
    "sql.gz",
    /doesn't begin as a \.sql\.gz file does/,
  ],
  [
    "begins otherwise than its owner says",
    shell("echo ERROR", { begins: "-- MySQL" }),
    "sql",
    /doesn't begin as -- MySQL does/,
  ],
  ["never ends", shell("echo begin; sleep 600"), "bin", /longer than 0\.5 s/],
  ["never ends and hears no plea", shell("trap '' TERM; while :; do sleep 0.05; done"), "bin", /longer than 0\.5 s/],
  ["trickles", shell("while :; do echo x; sleep 0.02; done"), "bin", /longer than 0\.5 s/],
  ["leaves something behind that may still write", shell("sleep 600 & echo begin"), "bin", /still holds its output/],
  ["writes no file", shell("true", { file: "crm.sql" }), "sql", /there is no .*crm\.sql/],
  ["isn't there", command({ words: ["no-such-program"] }), "bin", /There is no no-such-program/],
];

test("a command that fails in any way makes no archive, and leaves neither a file nor a process", async () => {
  let good = 0;
  for (const [what, producer, extension, said] of bad) {
    using here = place();
    const pids = join(here.dir, "pids");
    const parts = { environment: { PATH: "/usr/bin:/bin", BASH_ENV: join(here.dir, "begin") } };
    writeFileSync(parts.environment.BASH_ENV, `echo $$ >> '${pids}'`);
    const isEndless = said.source.includes("longer");
    const timeoutMs = isEndless ? 500 : 30_000;
    const fault = await faultOf({ producer, extension, scratch: here.scratch, parts, timeoutMs });
    if (fault === null) good += 1;
    expect(fault?.code, what).toBe("backup.produce");
    expect(fault?.message, what).toMatch(said);
    expect(here.left(), what).toEqual([]);
    const started = existsSync(pids) ? readFileSync(pids, "utf8").trim().split("\n").map(Number) : [];
    expect(alive(started), what).toEqual([]);
  }
  process.stdout.write(`commands: marked good ${good} / ${bad.length}\n`);
  expect(good).toBe(0);
});

test("a file that was there before and was not written anew is no archive", async () => {
  using here = place();
  const file = join(here.dir, "old.sql");
  writeFileSync(file, "-- last week's");
  const fault = await faultOf({ producer: shell("true", { file }), extension: "sql", scratch: here.scratch });
  expect(fault?.message).toMatch(/is the file that was there before\.$/);
  expect(existsSync(file)).toBe(true);
});

test("what was there before a command failed stays", async () => {
  using here = place();
  await produce({ producer: shell("echo x > kept", { file: "kept" }), extension: "bin", scratch: here.scratch });
  await faultOf({ producer: shell("echo y > half; exit 1"), extension: "bin", scratch: here.scratch });
  expect(here.left()).toEqual(["kept"]);
});

test("of endless words only the last are kept, without colours and what a progress bar wrote over", async () => {
  using here = place();
  const line =
    "for n in $(seq 20000); do echo line $n >&2; done; printf '\\e[31mred\\e[0m\\n1%%\\r2%%\\r100%%\\n' >&2; exit 1";
  const fault = await faultOf({ producer: shell(line), extension: "bin", scratch: here.scratch });
  expect(fault?.message.length).toBeLessThan(2_200);
  expect(fault?.message).toMatch(/line 20000\nred\n100%$/);
});

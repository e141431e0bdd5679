import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Producer } from "#model/backup.ts";
import { standInTsm, type TsmMode } from "../../support/tsm.ts";
import { alive, faultOf, place, produce } from "./support.ts";

const setUp = (mode: TsmMode) => {
  const where = place();
  const tsm = standInTsm(where.dir, mode);
  const producer: Producer = { kind: "tableau", tsm: tsm.program, dir: null, flags: ["--multithreaded"] };
  const asked = { producer, extension: "tsbak", scratch: where.scratch, parts: { environment: tsm.environment } };
  const archives = () => readdirSync(tsm.folder).filter((name) => name.endsWith(".tsbak"));
  return { ...where, tsm, asked, archives, [Symbol.dispose]: where[Symbol.dispose] };
};

test("an archive stays where tsm puts it, with the settings beside it, and the date stands once in its name", async () => {
  using here = setUp("good");
  const produced = await produce(here.asked);
  expect(produced).toMatchObject({
    path: join(here.tsm.folder, "bi-2026-11-21.tsbak"),
    extension: "tsbak",
    inScratch: false,
    beside: [join(here.scratch, "settings.json")],
    version: "Tableau Server Command Line Version 20253.25.1112.1234.",
  });
  expect(readFileSync(produced.path).subarray(0, 2).toString()).toBe("PK");
  expect(JSON.parse(readFileSync(produced.beside[0] ?? "", "utf8"))).toHaveProperty("configKeys");
  expect(here.tsm.calls()).toEqual([
    "configuration get -k basefilepath.backuprestore",
    `settings export -f ${join(here.scratch, "settings.json")}`,
    "maintenance backup -f bi-2026-11-21 --ignore-prompt --multithreaded",
    "version",
  ]);
});

test("a second archive of a date gets a name of its own, and the first is untouched", async () => {
  using here = setUp("good");
  writeFileSync(join(here.tsm.folder, "bi-2026-11-21.tsbak"), "half, of a run that was killed");
  const { path } = await produce(here.asked);
  expect(path).toBe(join(here.tsm.folder, "bi-2026-11-21-2.tsbak"));
  expect(readFileSync(join(here.tsm.folder, "bi-2026-11-21.tsbak"), "utf8")).toBe("half, of a run that was killed");
});

const bad: readonly (readonly [TsmMode, said: RegExp])[] = [
  ["exits-badly", /ended with exit code 1\. Its last words: The repository could not be verified\.$/],
  ["killed", /ended by SIGKILL\./],
  ["half", /is cut off\./],
  ["empty", /wrote nothing\./],
  ["nothing", /there is no .*bi-2026-11-21\.tsbak/],
  ["text", /doesn't begin as a \.tsbak file does\./],
  ["trickle", /It took longer than 0\.6 s, and was ended/],
  ["never-ends", /It took longer than 0\.6 s, and was ended/],
  ["asks", /ended with exit code 5\./],
  ["no-folder", /tsm configuration get ended with exit code 1\. Its last words: Unknown key\.$/],
  ["settings-fail", /tsm settings export ended with exit code 1\. Its last words: You are not signed in\.$/],
  ["settings-nothing", /wrote no settings\./],
  ["settings-empty", /wrote no settings\./],
  ["settings-half", /wrote no settings\./],
];

test("a tsm that fails in any way makes no archive, and leaves neither a file nor a process", async () => {
  let good = 0;
  for (const [mode, said] of bad) {
    using here = setUp(mode);
    const isEndless = mode === "trickle" || mode === "never-ends";
    const fault = await faultOf({ ...here.asked, timeoutMs: isEndless ? 600 : 30_000 });
    if (fault === null) good += 1;
    expect(fault?.code, mode).toBe("backup.produce");
    expect(fault?.message, mode).toMatch(said);
    expect(here.archives(), mode).toEqual([]);
    expect(here.left(), mode).toEqual([]);
    expect(alive(here.tsm.pids()), mode).toEqual([]);
  }
  process.stdout.write(`tsm: marked good ${good} / ${bad.length}\n`);
  expect(good).toBe(0);
});

test("a program that stops ends tsm with all that it started", async () => {
  using here = setUp("trickle");
  const stopping = new AbortController();
  const making = faultOf({ ...here.asked, signal: stopping.signal });
  await expect.poll(() => here.archives(), { timeout: 10_000 }).toHaveLength(1);
  stopping.abort();
  expect(await making).toMatchObject({ code: "run.aborted", retry: "later" });
  expect(here.archives()).toEqual([]);
  expect(alive(here.tsm.pids())).toEqual([]);
});

test("a tsm that isn't there is named, with what to do", async () => {
  using here = setUp("good");
  const producer: Producer = { kind: "tableau", tsm: "tsm", dir: null, flags: [] };
  const fault = await faultOf({ ...here.asked, producer });
  expect(fault).toMatchObject({ retry: "never", hint: "install it, or write its whole path" });
  expect(fault?.message).toBe("There is no tsm on this machine.");
  expect(existsSync(here.scratch)).toBe(true);
});

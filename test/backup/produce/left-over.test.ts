import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { endLeftOver, notesFor } from "#backup/produce/left-over.ts";
import { standInTsm } from "../../support/tsm.ts";
import { alive, place, produce } from "./support.ts";

/** A daemon that makes an archive of Tableau by the stand-in, in a process of its own. */
const startMaker = (scratch: string, tsm: ReturnType<typeof standInTsm>) => {
  const program = `
    import { producer } from "#backup/produce/produce.ts";
    const [environment, ask] = JSON.parse(process.env.MAKER);
    await producer({ environment, ownDatabase: () => "", ownRows: () => [] })({ ...ask, signal: new AbortController().signal });`;
  const producer = { kind: "tableau", tsm: tsm.program, dir: null, flags: [] };
  const ask = { producer, extension: "tsbak", stem: "bi-2026-11-21", scratch, timeoutMs: 60_000 };
  const words = ["--input-type=module-typescript", "--eval", program];
  const env = { ...process.env, MAKER: JSON.stringify([tsm.environment, ask]) };
  return spawn(process.execPath, words, { env, stdio: "ignore" });
};

test("what a killed daemon had under way is ended, and its half archive removed, before another is made", async () => {
  using here = place();
  const endless = standInTsm(here.dir, "trickle");
  const maker = startMaker(here.scratch, endless);
  const archives = () => readdirSync(endless.folder).filter((name) => name.endsWith(".tsbak"));
  await expect.poll(archives, { timeout: 20_000 }).toEqual(["bi-2026-11-21.tsbak"]);
  // On a slow machine the command may be at work before its number is written down.
  const noted = () => (existsSync(`${here.scratch}.running`) ? readFileSync(`${here.scratch}.running`, "utf8") : "");
  await expect.poll(noted, { timeout: 20_000 }).toContain('"group":');
  maker.kill("SIGKILL");
  await once(maker, "exit");
  expect(alive(endless.pids()).length).toBeGreaterThan(0);
  const good = standInTsm(here.dir, "good");
  const { path } = await produce({
    producer: { kind: "tableau", tsm: good.program, dir: null, flags: [] },
    extension: "tsbak",
    scratch: here.scratch,
    parts: { environment: good.environment },
  });
  expect(alive(endless.pids())).toEqual([]);
  expect(path).toMatch(/bi-2026-11-21\.tsbak$/);
  expect(archives()).toEqual(["bi-2026-11-21.tsbak"]);
  expect(existsSync(`${here.scratch}.running`)).toBe(false);
});

test("a process that only has the number of one that was noted is left alone", async () => {
  using here = place();
  const stranger = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  await once(stranger, "spawn");
  const boot = "another start of the machine";
  const notes = [
    { group: stranger.pid, since: "1", boot: null },
    { group: stranger.pid, since: "1", boot },
  ];
  writeFileSync(`${here.scratch}.running`, `${notes.map((note) => JSON.stringify(note)).join("\n")}\n{"group":`);
  await endLeftOver(here.scratch);
  expect(alive([stranger.pid ?? 0])).toHaveLength(1);
  const own = notesFor(here.scratch);
  await own.group(stranger.pid ?? 0);
  await endLeftOver(here.scratch);
  expect(alive([stranger.pid ?? 0])).toEqual([]);
});

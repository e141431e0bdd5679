/** Ctrl-C for real: commands as processes of their own, with the embedded database and a browser. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type SampleServer, startSampleServer } from "../../demo/server/server.ts";
import { testCacheDir } from "../support/browsers.ts";
import { descendants, processes, type SeenProcess } from "../support/processes.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const view = "Daily Sales Report/Yesterday Sales Summary";
const me = "anna@example.com";

let server: SampleServer;
let dir: string;
beforeAll(async () => {
  server = await startSampleServer();
  dir = await mkdtemp(join(tmpdir(), "daybreak-ctrl-c-"));
  await mkdir(join(dir, ".daybreak"), { mode: 0o700 });
  await mkdir(testCacheDir, { recursive: true, mode: 0o700 });
  await symlink(testCacheDir, join(dir, ".daybreak", "cache"));
  const yaml = `server: { url: "${server.url}", kind: sample }
zone: Europe/Berlin
reports:
  sales: { view: ${view}, at: weekdays 07:00, to: people.csv, filter: { Region: region } }
`;
  await writeFile(join(dir, "daybreak.yaml"), yaml);
  await writeFile(join(dir, "people.csv"), `email,name,region\n${me},Anna,North\n`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

interface Moment {
  readonly argv: readonly string[];
  /** The program that must have been started when the signal comes. */
  readonly once: RegExp;
}

const postgres = /bin\/postgres -D/;
const chromium = /chromium.*--headless|headless.*chromium/;
const moments: readonly Moment[] = [
  { argv: ["plan"], once: postgres },
  { argv: ["migrate"], once: postgres },
  { argv: ["doctor"], once: chromium },
  { argv: ["check"], once: chromium },
  { argv: ["preview", "sales", "--as", me, "--out", "out"], once: chromium },
];

const stop = async ({ argv, once: program }: Moment, whom: "group" | "process") => {
  const { user, password } = server;
  const env = { PATH: process.env["PATH"], HOME: dir, DAYBREAK_USER: user, DAYBREAK_PASSWORD: password };
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: dir,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => printed.push(text.toString()));
  let isOver = false;
  const ended = once(child, "exit").finally(() => {
    isOver = true;
  });
  const pid = child.pid ?? 0;
  const started = (): readonly SeenProcess[] => descendants(pid);
  const isStarted = (): boolean => started().some(({ words }) => program.test(words));
  await vi.waitUntil(() => isOver || isStarted(), { timeout: 30_000, interval: 10 });
  expect(isOver, printed.join("")).toBe(false);
  const there = started();
  process.kill(whom === "group" ? -pid : pid, "SIGINT");
  const [code] = await ended;
  const left = (): readonly SeenProcess[] => {
    const pids = new Set(there.map((one) => one.pid));
    return processes().filter((one) => pids.has(one.pid));
  };
  return { code, left, printed: printed.join("") };
};

describe.each(["group", "process"] as const)("Ctrl-C to the %s", (whom) => {
  test.each(moments)("ends “$argv” once it has started $once, with nothing left behind", async (moment) => {
    const { code, left, printed } = await stop(moment, whom);
    expect(printed).toMatch(/Stopp(ing|ed)/);
    expect(printed).not.toContain("✗");
    expect(code).toBe(130);
    await vi.waitFor(() => expect(left()).toEqual([]), 10_000);
    expect(existsSync(join(dir, ".daybreak", "postgres", "data", "postmaster.pid"))).toBe(false);
  });
});

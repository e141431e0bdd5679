/** Whoever is signed in on the machine sees each process's command line, and its environment when it is their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { startSampleServer } from "../../demo/server/server.ts";
import { testCacheDir } from "../support/browsers.ts";
import { descendants } from "../support/processes.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

const seenOf = (pid: number, what: "cmdline" | "environ"): string => {
  try {
    return readFileSync(`/proc/${pid}/${what}`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
};

test("no secret stands in the command line or the environment of what Daybreak starts", {
  timeout: 90_000,
}, async () => {
  await using server = await startSampleServer({ password: "the-servers-secret" });
  const dir = await mkdtemp(join(tmpdir(), "daybreak-sight-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(testCacheDir, { recursive: true, mode: 0o700 });
  await mkdir(join(dir, ".daybreak"), { mode: 0o700 });
  await symlink(testCacheDir, join(dir, ".daybreak", "cache"));
  const view = "Daily Sales Report/Yesterday Sales Summary";
  await writeFile(
    join(dir, "daybreak.yaml"),
    `server: { url: "${server.url}", kind: sample }
mail: { via: "smtp://me@127.0.0.1:9", from: bi@example.com }
reports: { sales: { view: ${view}, at: weekdays 07:00, to: people.csv, filter: { Region: region } } }
`,
  );
  await writeFile(join(dir, "people.csv"), "email,name,region\nanna@example.com,Anna,North\n");
  const env = {
    PATH: process.env["PATH"],
    HOME: dir,
    DAYBREAK_USER: server.user,
    DAYBREAK_PASSWORD: server.password,
    DAYBREAK_MAIL_PASSWORD: "the-mails-secret",
  };
  const argv = [main, "preview", "sales", "--as", "anna@example.com", "--out", "out"];
  const child = spawn(process.execPath, argv, { cwd: dir, env, stdio: "ignore" });
  const lines = new Set<string>();
  const seen = new Set<string>();
  const known = new Set<number>();
  let isOver = false;
  const ended = once(child, "exit").finally(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const { pid } of descendants(child.pid ?? 0)) {
      const environment = seenOf(pid, "environ");
      // Read last: between fork and exec a child still has its parent's words and environment, and no words for a moment.
      const words = seenOf(pid, "cmdline");
      if (words === "" || words.includes(main)) continue;
      lines.add(words);
      seen.add(words);
      // What was there before the program began was its parent's; it counts at the next look, if it stays.
      if (known.has(pid)) seen.add(environment);
      known.add(pid);
    }
    await pause(20);
  }
  expect(await ended).toEqual([0, null]);
  const own = await readFile(join(dir, ".daybreak", "postgres", "password"), "utf8").catch(() => "");
  const all = [...seen].join("\n");
  expect([...lines].some((line) => /bin\/postgres/.test(line))).toBe(true);
  expect([...lines].some((line) => /chromium/.test(line))).toBe(true);
  for (const secret of ["the-servers-secret", "the-mails-secret", own.trim()].filter((one) => one !== "")) {
    expect(all.includes(secret), secret).toBe(false);
  }
});

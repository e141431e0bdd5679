import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configChecks } from "#app.ts";
import { loadConfig } from "#config/load.ts";
import { read, root } from "../support/sources.ts";

const run = promisify(execFile);

const unit = read("deploy/systemd/daybreak.service");
const settingOf = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";

/** What systemd says against a unit whose program is there; `null`: this machine has no systemd to ask. */
const verified = async (text: string): Promise<string | null> => {
  const dir = mkdtempSync(join(tmpdir(), "daybreak-unit-"));
  const file = join(dir, "daybreak.service");
  writeFileSync(file, text.replaceAll("/usr/local/bin/daybreak", process.execPath));
  try {
    const { stderr } = await run("systemd-analyze", ["verify", "--man=no", file]);
    return stderr;
  } catch (error) {
    const { code, stderr = "" } = error as { readonly code?: unknown; readonly stderr?: string };
    return code === "ENOENT" ? null : stderr;
  } finally {
    rmSync(dir, { recursive: true });
  }
};

test("the systemd unit is one that systemd understands", async ({ skip }) => {
  const words = await verified(unit);
  if (words === null) {
    console.log("systemd-analyze isn't on this machine: the unit was not verified");
    return skip("systemd-analyze isn't on this machine");
  }
  expect(words).toBe("");
  expect(await verified(unit.replace("ProtectSystem=strict", "ProtectSytem=strict"))).toMatch(/ProtectSytem/);
});

const sample = async () => {
  const dir = mkdtempSync(join(tmpdir(), "daybreak-deploy-"));
  writeFileSync(join(dir, "daybreak.yaml"), read("deploy/docker/daybreak.yaml"));
  writeFileSync(join(dir, "people.csv"), "email,name,region\n");
  try {
    return await loadConfig({ file: join(dir, "daybreak.yaml"), env: {}, cwd: dir, ...configChecks });
  } finally {
    rmSync(dir, { recursive: true });
  }
};

test("whoever stops the daemon gives it longer than its sends may take", async () => {
  const { limits } = await sample();
  expect(Number.parseInt(settingOf("TimeoutStopSec"), 10) * 1_000).toBeGreaterThan(limits.stopTimeoutMs + 5_000);
  const { services } = parse(read("deploy/docker/compose.yaml"), { merge: true });
  for (const name of ["daybreak", "worker"])
    expect(Number.parseInt(services[name].stop_grace_period, 10) * 1_000).toBeGreaterThan(limits.stopTimeoutMs + 5_000);
});

test("the image's configuration, its health check and what is published agree", async () => {
  const { http, home, artifacts, browser } = await sample();
  const image = read("deploy/docker/Dockerfile");
  const { services } = parse(read("deploy/docker/compose.yaml"), { merge: true });
  expect(image).toContain(`http://127.0.0.1:${http?.port}/readyz`);
  expect(image).toContain(`EXPOSE ${http?.port}`);
  expect(services.daybreak.ports).toEqual([`127.0.0.1:${http?.port}:${http?.port}`]);
  expect(image).toContain(`VOLUME ${home}`);
  expect(services.worker.volumes).toContain(`home:${home}`);
  expect(artifacts.shared).toBe(true);
  expect(image).toMatch(/\bchromium \\?/);
  expect(browser.path).toBe("/usr/bin/chromium");
  expect(image).toMatch(/^USER daybreak$/m);
  expect(image).toContain("tini");
});

test("the image takes only what there is", () => {
  const image = read("deploy/docker/Dockerfile");
  const copied = [...image.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words = ""]) => words.split(" "));
  const built = [...image.matchAll(/\/build\/([\w./-]+)/g)].map(([, path = ""]) => path);
  const made = ["node_modules", "dist"];
  const wanted = [...copied, ...built].filter((path) => !made.includes(path));
  expect(wanted.filter((path) => !existsSync(root + path))).toEqual([]);
  expect(wanted.length).toBeGreaterThan(8);
});

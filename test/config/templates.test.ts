import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "#config/load.ts";
import { checks } from "./support.ts";

const loaded = async (more: string, folder: string | null) => {
  const cwd = await mkdtemp(join(tmpdir(), "daybreak-templates-"));
  onTestFinished(() => rm(cwd, { recursive: true }));
  await writeFile(
    join(cwd, "daybreak.yaml"),
    `server: { url: "http://127.0.0.1:9", kind: sample }\nreports: {}\n${more}`,
  );
  if (folder !== null) await mkdir(join(cwd, folder), { recursive: true });
  const load = loadConfig({ file: "daybreak.yaml", cwd, env: {}, ...checks });
  return { cwd, load };
};

test("own templates lie in templates/mail beside the file, or where the key says, or nowhere", async () => {
  expect((await (await loaded("", null)).load).templates).toBeNull();
  const usual = await loaded("", "templates/mail");
  expect((await usual.load).templates).toBe(join(usual.cwd, "templates", "mail"));
  const named = await loaded("templates: ./look", "look");
  expect((await named.load).templates).toBe(join(named.cwd, "look"));
});

test("a folder of templates that isn't there is a mistake", async () => {
  await expect((await loaded("templates: ./look", null)).load).rejects.toThrow(/templates.*names no folder/s);
});

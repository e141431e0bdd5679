import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "../support/sources.ts";

const run = promisify(execFile);
const check = (...words: readonly string[]) =>
  run(process.execPath, ["scripts/licences.ts", "--check", ...words], { cwd: root });

test("every part of an installed Daybreak has a licence that was agreed to, and stands on the page (if not: node scripts/licences.ts)", async () => {
  await expect(check()).resolves.toMatchObject({ stderr: "" });
});

test.each([
  ["GPL-3.0-only", false],
  ["MIT AND GPL-3.0-only", false],
  ["SEE LICENSE IN license.txt", false],
  [undefined, false],
  ["(MIT OR GPL-3.0-only)", true],
])("a part under “%s” is agreed to: %s", async (license, isFine) => {
  const dir = mkdtempSync(join(tmpdir(), "daybreak-licences-"));
  const lock = join(dir, "package-lock.json");
  const packages = {
    "": { dependencies: { odd: "1" } },
    "node_modules/odd": { version: "1.0.0", ...(license && { license }) },
  };
  writeFileSync(lock, JSON.stringify({ packages }));
  const { stderr } = await check("--lock", lock).catch((error: { readonly stderr: string }) => error);
  expect(stderr).toContain(isFine ? "out of date" : "odd 1.0.0: nobody has agreed to");
  rmSync(dir, { recursive: true });
});

import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { letOthersRun } from "#store/embedded/binaries.ts";

test("programs that were installed for root alone can be run by the account that the server runs as", async () => {
  const folder = await mkdtemp(join(tmpdir(), "daybreak-binaries-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [postgres, initdb] = [join(folder, "postgres"), join(folder, "initdb")];
  for (const program of [postgres, initdb]) await writeFile(program, "", { mode: 0o700 });
  await letOthersRun({ postgres, initdb, major: "18" });
  const modes = await Promise.all([postgres, initdb].map(async (program) => (await stat(program)).mode & 0o777));
  expect(modes).toEqual([0o755, 0o755]);
});

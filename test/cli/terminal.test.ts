import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { root } from "../support/sources.ts";

test("a reader that has had enough before all is told is no fault", async () => {
  const child = spawn(process.execPath, ["src/main.ts", "--help"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect(said).toBe("");
  expect(code).toBe(0);
});

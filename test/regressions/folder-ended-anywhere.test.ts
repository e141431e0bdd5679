import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultOf, place } from "../backup/produce/support.ts";

/** Errors that nobody listened for: each would have ended a daemon, with the emails that it was sending. */
const unheard = () => {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on("uncaughtException", note);
  return { errors, [Symbol.dispose]: () => void process.off("uncaughtException", note) };
};

test("the backup of a folder that is ended at any moment ends itself, not the process", async () => {
  using here = place();
  using listening = unheard();
  const dir = join(here.dir, "source");
  mkdirSync(dir);
  for (let index = 0; index < 20; index += 1) writeFileSync(join(dir, `noise-${index}`), randomBytes(1_000_000));
  for (let afterMs = 1; afterMs <= 30; afterMs += 1) {
    const signal = AbortSignal.timeout(afterMs);
    const asked = { producer: { kind: "folder", dir, exclude: [] }, extension: "tar.zst" } as const;
    const fault = await faultOf({ ...asked, scratch: here.scratch, signal });
    expect(fault).toMatchObject({ code: "run.aborted" });
  }
  expect(listening.errors).toEqual([]);
});

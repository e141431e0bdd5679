import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { openKeeper } from "../support/keeper.ts";
import { describeS3 } from "../support/s3.ts";

vi.setConfig({ testTimeout: 600_000 });

const isLong = process.env["DAYBREAK_LONG"] === "1";
const MiB = 1024 * 1024;
const megabytes = isLong ? 4_096 : 512;

await describeS3("memory of a run", (s3) => {
  test("the process that makes, uploads and reads back an archive stays below 250 MB, whatever the archive's size", async () => {
    const place = s3.place(await s3.freshBucket());
    await using keeper = await openKeeper({ place, days: 14, partBytes: 16 * MiB });
    // A hole of that size reads as any other file does.
    const source = join(keeper.dir, "source");
    await writeFile(source, "");
    await truncate(source, megabytes * MiB);
    await using maker = keeper.start();
    await maker.has("started");
    await keeper.makeDue("2026-01-01");
    expect(await vi.waitFor(() => keeper.ended("2026-01-01"), 500_000)).toMatchObject({ state: "done", reason: null });
    const status = await readFile(`/proc/${maker.pid}/status`, "utf8");
    const peak = Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    console.log(`a run of ${megabytes} MiB: at most ${peak} MB of memory`);
    expect(peak).toBeGreaterThan(50);
    expect(peak).toBeLessThan(250);
  });
});

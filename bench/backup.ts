/**
 * `npm run bench -- backup`: archives up and down beside rclone and a bare download, against one S3 server in one run, and how long 5,000 archives
 * among 20,000 foreign objects take to be listed and planned. `--small`: a quick look. `--memory <GiB>`: only one upload, for its memory.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cutArchive } from "#backup/plan/parts.ts";
import { silentLog } from "#runtime/log.ts";
import { startEmbedded } from "#store/embedded.ts";
import { migrate } from "#store/migrate.ts";
import { openPool } from "#store/pool.ts";
import { findRclone, openBuckets, placeIn, rcloneEnv, runProgram, writeArchive } from "./support/archives.ts";
import { conclude, machine, median, rounded, tell } from "./support/figures.ts";
import { listing } from "./support/many-archives.ts";

const { values } = parseArgs({
  options: { small: { type: "boolean", default: false }, memory: { type: "string" } },
});
const usualMegabytes = values.small ? 256 : 2_048;
const megabytes = values.memory === undefined ? usualMegabytes : Number(values.memory) * 1_024;
const pairs = values.small ? 2 : 5;
const counts = values.small ? { archives: 500, foreign: 2_000 } : { archives: 5_000, foreign: 20_000 };

await using stack = new AsyncDisposableStack();
const dir = await mkdtemp(join(tmpdir(), "daybreak-bench-"));
stack.defer(() => rm(dir, { recursive: true, force: true }));
const server = await openBuckets(dir);
const database = stack.use(await startEmbedded({ dir: join(dir, "postgres"), log: silentLog, fast: true }));
const pool = stack.use(openPool(database.url, { max: 8, statementTimeoutMs: 60_000, applicationName: "bench" }));
await migrate(pool);

const rclone = await findRclone();
const env = rcloneEnv(server);
await runProgram([rclone, "mkdir", "s3:bench"], env);
const place = placeIn(server, "bench");
const file = join(dir, "archive.tsbak");
await writeArchive(file, megabytes);
const bytes = megabytes * 1024 * 1024;

const mover = fileURLToPath(new URL("support/move-archive.ts", import.meta.url));
const move = async (verb: string, key: string, sha256 = "") => {
  const ask = JSON.stringify({ place, key, file, bytes, sha256, database: database.url });
  return JSON.parse((await runProgram([process.execPath, mover, verb, ask])).said) as {
    readonly ms: number;
    readonly mb: number;
    readonly sha256: string;
  };
};
const rate = (ms: number): number => megabytes / (ms / 1_000);

/** Both from the first byte read to the object being there, each start of a program left out. */
const oursUp = async (key: string): Promise<{ readonly mbPerS: number; readonly mb: number }> => {
  const { ms, mb } = await move("upload", key);
  return { mbPerS: rate(ms), mb };
};

const cut = cutArchive(bytes);
const chunk = `${cut.partBytes / 1024 / 1024}M`;
const rcloneUp = async (key: string): Promise<number> => {
  const bounds = ["--s3-chunk-size", chunk, "--s3-upload-concurrency", String(cut.atOnce), "--s3-upload-cutoff", chunk];
  const { ms } = await runProgram([rclone, "copyto", ...bounds, "--s3-no-check-bucket", file, `s3:bench/${key}`], env);
  return rate(ms);
};

if (values.memory !== undefined) {
  const { mbPerS, mb } = await oursUp("memory");
  conclude({ bench: "backup", gib: Number(values.memory), rss_mb: mb, mb_per_s: rounded(mbPerS, 1) });
} else {
  const { sha256 } = await move("hash", "");
  const up = { ours: [] as number[], rclone: [] as number[], peaks: [] as number[] };
  const down = { verify: [] as number[], bare: [] as number[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    const ours = async (): Promise<void> => {
      const { mbPerS, mb } = await oursUp(`ours-${pair}`);
      up.ours.push(mbPerS);
      up.peaks.push(mb);
    };
    const theirs = async (): Promise<void> => void up.rclone.push(await rcloneUp(`rclone-${pair}`));
    // Whoever goes second finds warmer disks; so they take turns in that, too.
    for (const one of pair % 2 === 0 ? [ours, theirs] : [theirs, ours]) await one();
    const key = `ours-${pair}`;
    const read = async (): Promise<void> => void down.verify.push(rate((await move("verify", key, sha256)).ms));
    const bare = async (): Promise<void> => void down.bare.push(rate((await move("download", key)).ms));
    for (const one of pair % 2 === 0 ? [read, bare] : [bare, read]) await one();
    await runProgram([rclone, "deletefile", `s3:bench/rclone-${pair}`], env);
    await runProgram([rclone, "deletefile", `s3:bench/${key}`], env);
    const last = [up.ours, up.rclone, down.verify, down.bare].map((figures) => rounded(figures.at(-1) ?? 0, 0));
    tell(
      `pair ${pair + 1} of ${pairs}, MiB/s: up ${last[0]} (rclone ${last[1]}), read back ${last[2]} (bare ${last[3]})`,
    );
  }
  const list = await listing({ place: placeIn(server, "bench"), pool, ...counts });
  tell(machine());
  conclude({
    bench: "backup",
    ratio_vs_rclone: rounded(median(up.ours) / median(up.rclone)),
    rss_mb: Math.max(...up.peaks),
    verify_ratio: rounded(median(down.verify) / median(down.bare)),
    list_s: rounded(list.listMs / 1_000),
    plan_s: rounded(list.planMs / 1_000),
    up_mib_s: rounded(median(up.ours), 0),
    read_mib_s: rounded(median(down.verify), 0),
  });
}

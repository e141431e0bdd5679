/** A folder that is rotated, for tests of pruning. */
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { seriesOf } from "#backup/plan/keys.ts";
import { type PruneAsk, type PruneReport, prune } from "#backup/prune.ts";
import { folderArchives } from "#bucket/folder-archives.ts";
import type { Backup } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import { type PassPoint, passAll } from "#runtime/point.ts";
import { archivesOf } from "#store/archives.ts";
import { approvePolicy } from "#store/backup-policies.ts";
import { type TestClock, testClock } from "../support/clock.ts";
import type { TestDatabase } from "../support/database.ts";
import { keptLog } from "../support/kept-log.ts";
import { usual } from "./archives.ts";
import { type Faults, faulty } from "./faulty.ts";
import { backupInto, datesUntil, type Put, putOne } from "./series.ts";

/** A folder with archives, and the means to rotate it. */
export interface Yard {
  readonly dir: string;
  readonly backup: Backup;
  readonly bucket: ReturnType<typeof faulty>;
  readonly faults: Faults;
  readonly clock: TestClock;
  put(date: string, put?: Put): Promise<string>;
  nights(count: number): Promise<readonly string[]>;
  prune(
    ask?: Partial<PruneAsk>,
    options?: { readonly backup?: Backup; readonly passPoint?: PassPoint },
  ): Promise<PruneReport>;
  rows(): Promise<readonly CataloguedArchive[]>;
  /** The keys of what really lies in the bucket. */
  files(): Promise<readonly string[]>;
}

/** A folder with archives up to 2026-11-21, four in the morning of that day, and nothing against a removal but the rails. */
export const openYard = async (database: TestDatabase, more: Partial<Backup> = {}): Promise<Yard> => {
  const dir = await mkdtemp(join(tmpdir(), "daybreak-prune-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const backup = backupInto(dir, { name: `bi-${randomBytes(3).toString("hex")}`, ...more });
  const faults: Faults = {};
  const bucket = faulty(folderArchives({ dir }), faults);
  const clock = testClock("2026-11-21T04:00:00Z");
  const { pool } = database;
  const put = (date: string, one: Put = {}) => putOne(backup, date, { db: pool, bucket, put: one });
  await approvePolicy(pool, seriesOf(backup), { retention: usual, approvedAt: clock.now(), approvedBy: null });
  return {
    ...{ dir, backup, bucket, faults, clock, put },
    nights: async (count) => {
      const keys: string[] = [];
      for (const date of datesUntil("2026-11-21", count)) keys.push(await put(date));
      return keys;
    },
    prune: (ask = {}, { backup: as = backup, passPoint = passAll } = {}) => {
      const usualAsk = { mayDelete: async () => true, thisRun: null, owed: "2026-11-21", dryRun: false };
      const whole = { ...usualAsk, allowDelete: 10_000, confirmedBy: null, ...ask };
      return prune(as, whole, { pool, bucket, clock, log: keptLog(), passPoint });
    },
    rows: () => archivesOf(pool, seriesOf(backup)),
    files: async () =>
      (await readdir(dir, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1))
        .filter((key) => !key.startsWith("."))
        .sort(),
  };
};

/** The archives among some files. */
export const archivesIn = (files: readonly string[]): readonly string[] =>
  files.filter((key) => /^\d{4}\/\d\d\/bi-[^/]*\.tsbak$/.test(key));

/** The rails that refused. */
export const railsOf = ({ refusals }: Pick<PruneReport, "refusals">): readonly string[] =>
  refusals.map(({ rail }) => rail);

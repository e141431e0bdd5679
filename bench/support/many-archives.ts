/** A bucket with many archives of one backup among other tools' objects, and how long it takes to list them and to plan a removal. */
import { randomBytes } from "node:crypto";
import { listArchives } from "#actions/backup-status.ts";
import { openBucket } from "#app/buckets.ts";
import { prune } from "#backup/prune.ts";
import type { BackupPlace } from "#model/backup.ts";
import { systemClock } from "#runtime/clock.ts";
import { limitTo } from "#runtime/limit.ts";
import { silentLog } from "#runtime/log.ts";
import { passAll } from "#runtime/point.ts";
import type { Pool } from "#store/pool.ts";
import { datesUntil, putOne } from "../../test/backup/series.ts";
import { backupIn, partsOver } from "../../test/support/backup-of.ts";
import { tell, timed } from "./figures.ts";

/** What there is to list. */
export interface Many {
  readonly place: BackupPlace;
  readonly pool: Pool;
  readonly archives: number;
  readonly foreign: number;
}

const putsAtOnce = 16;

/** Fills the bucket and takes the time of `backup list` and of a prune's plan, which lists the bucket page by page. */
export const listing = async ({
  place,
  pool,
  archives,
  foreign,
}: Many): Promise<{ readonly listMs: number; readonly planMs: number }> => {
  const bucket = openBucket(place);
  // As after years of rotating: all but a handful stay.
  const retention = { dailyDays: archives - 10, weeklyDays: 0, weekday: null, monthlyDays: 0, monthDay: 1 };
  const backup = backupIn("/nowhere", { name: "many", root: "many", place, retention });
  const limit = limitTo(putsAtOnce);
  const today = systemClock.now().toZonedDateTimeISO(backup.zone).toPlainDate().toString();
  tell(`filling the bucket with ${archives} archives and ${foreign} other objects …`);
  await Promise.all([
    ...datesUntil(today, archives).map((date) => limit.run(() => putOne(backup, date, { db: pool, bucket }))),
    ...Array.from({ length: foreign }, (_, n) =>
      limit.run(() => bucket.put(`bi/2026/${String((n % 12) + 1).padStart(2, "0")}/other-${n}.log`, randomBytes(16))),
    ),
  ]);
  const clock = systemClock;
  const nobody = { raise: async () => true, recover: async () => false };
  const parts = partsOver({ pool, bucket, clock, log: silentLog, alerts: nobody });
  const listMs = await timed(() => listArchives([backup], parts));
  const ask = {
    mayDelete: async () => false,
    thisRun: null,
    owed: null,
    dryRun: true,
    allowDelete: archives,
    confirmedBy: null,
  };
  const planMs = await timed(() => prune(backup, ask, { pool, bucket, clock, log: silentLog, passPoint: passAll }));
  await bucket.close();
  return { listMs: listMs + planMs, planMs };
};

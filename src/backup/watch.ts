/** What any daemon looks at, whoever makes the backups: is an archive owed, is a rehearsal owed, are uploads left behind. */
import { owedDrill, owedSince } from "#backup/due.ts";
import { strayUploads } from "#backup/janitor.ts";
import { isLate } from "#backup/plan/checks.ts";
import { seriesOf } from "#backup/plan/keys.ts";
import type { Keeping } from "#backup/reread.ts";
import { before, msBetween, type Temporal } from "#model/time.ts";
import { archivesOf } from "#store/archives.ts";
import { lastPassedDrill } from "#store/drills.ts";

/** Raises what is owed and not there, and recovers what has come. Needs nothing but rows. */
export const watchOwed = async (keeping: Keeping): Promise<void> => {
  await watchArchives(keeping);
  await watchDrills(keeping);
};

const watchArchives = async ({ backup, parts }: Keeping): Promise<void> => {
  const archives = await archivesOf(parts.pool, seriesOf(backup));
  const due = await owedSince(backup, parts);
  const key = `backup:${backup.name}:late`;
  await tellSuspects(archives, { backup, parts });
  if (due === null || !isLate({ due, archives, needsProof: backup.verify === "read-back" })) {
    return void (await parts.alerts.recover(key));
  }
  const newest = archives.find(({ state }) => state === "verified");
  await parts.alerts.raise({
    key,
    severity: "critical",
    subject: `“${backup.name}” has no fresh archive`,
    lines: [
      `One was due at ${spoken(due, backup.zone)}, and none that was made since is proven.`,
      newest === undefined
        ? "There is no proven archive at all."
        : `The newest proven one is of ${newest.date}, ${Math.floor(msBetween(newest.madeAt, parts.clock.now()) / 86_400_000)} days old.`,
      backup.host === null
        ? "Look whether a daemon with the role `backup` runs, and what it says: daybreak backup status"
        : `Look whether the daemon on ${backup.host} runs, and what it says: daybreak backup status`,
    ],
  });
};

/** An archive that was accepted, or removed since, is no trouble any more. */
const tellSuspects = async (
  archives: readonly { readonly state: string }[],
  { backup, parts }: Pick<Keeping, "backup" | "parts">,
): Promise<void> => {
  if (!archives.some(({ state }) => state === "suspect")) await parts.alerts.recover(`backup:${backup.name}:suspect`);
};

const watchDrills = async ({ backup, parts }: Keeping): Promise<void> => {
  const key = `backup:${backup.name}:drill-late`;
  const due = await owedDrill(backup, parts);
  const passed = await lastPassedDrill(parts.pool, backup.name);
  if (due === null || (passed !== null && !before(passed.startedAt, due)))
    return void (await parts.alerts.recover(key));
  await parts.alerts.raise({
    key,
    severity: "warning",
    subject: `Nobody has rehearsed a restore of “${backup.name}” for too long`,
    lines: [
      `A rehearsal was due at ${spoken(due, backup.zone)}, and none since has passed.`,
      `By hand: daybreak backup drill ${backup.name}`,
    ],
  });
};

const spoken = (instant: Temporal.Instant, zone: string): string =>
  `${instant.toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: "minute" }).replace("T", " ")} (${zone})`;

/** Uploads that nobody goes on with: invisible, and paid for. The next rotation ends them. */
export const watchStrays = async ({ backup, parts }: Keeping): Promise<void> => {
  const key = `backup:${backup.name}:uploads`;
  const { pool } = parts;
  const stray = await strayUploads(backup, parts.clock.now(), { pool, bucket: parts.bucketOf(backup) });
  if (stray.length === 0) return void (await parts.alerts.recover(key));
  await parts.alerts.raise({
    key,
    severity: "warning",
    subject: `Uploads of “${backup.name}” were begun and never ended`,
    lines: [
      ...stray.slice(0, 20).map((one) => `${one.key}, begun ${one.beganAt.toString({ smallestUnit: "minute" })}`),
      `They are ended by the next rotation; at once: daybreak backup prune ${backup.name}`,
    ],
  });
};

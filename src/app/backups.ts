import { sendPing } from "#alert/ping.ts";
import { openBucket } from "#app/buckets.ts";
import { programVersion } from "#app/version.ts";
import type { Opened } from "#app/work.ts";
import type { PlanSlots } from "#backup/due.ts";
import { type BackupSettings, startBackups } from "#backup/loops.ts";
import { runCommand } from "#backup/produce/command.ts";
import { producer } from "#backup/produce/produce.ts";
import type { BackupAlerts, BackupParts, RunCheck } from "#backup/step.ts";
import type { ArchiveBucket } from "#bucket/port.ts";
import type { Config } from "#config/config.ts";
import type { Work, WorkSettings } from "#daemon.ts";
import { type Backup, runsOn } from "#model/backup.ts";
import { planSlots } from "#schedule/plan.ts";
import { ownRows } from "#store/own-rows.ts";

/** This program, as manifests name it. */
const madeBy = `daybreak ${programVersion()}`;

/** The parts of backups. Buckets are opened when they are first asked for, and closed by `stack`. */
export const backupPartsOf = (
  open: Pick<Opened, "config" | "pool" | "clock" | "log" | "passPoint" | "databaseUrl" | "holidays">,
  alerts: BackupAlerts,
  stack: AsyncDisposableStack,
): BackupParts => {
  const { config, pool, clock, log, passPoint, databaseUrl } = open;
  const { environment } = config;
  const buckets = stack.use(openBuckets());
  return {
    ...{ pool, clock, log, passPoint, alerts, madeBy },
    produce: producer({ environment, ownDatabase: () => databaseUrl, ownRows: (signal) => ownRows(pool, signal) }),
    bucketOf: buckets.of,
    planSlots: planWith(open),
    check: checkWith(config),
    ping: (url, words) => sendPing(url, { isWell: true, words }, AbortSignal.timeout(pingMs)),
    identity: config.backupIdentity,
  };
};

const pingMs = 20_000;

/** Buckets that are open, one for each backup that was asked for. */
interface Buckets extends AsyncDisposable {
  of(backup: Backup): ArchiveBucket;
}

const openBuckets = (): Buckets => {
  const opened = new Map<string, ArchiveBucket>();
  const of: Buckets["of"] = ({ name, place }) => {
    const bucket = opened.get(name) ?? openBucket(place);
    opened.set(name, bucket);
    return bucket;
  };
  const close = async (): Promise<void> => {
    for (const bucket of opened.values()) await bucket.close();
  };
  return { of, [Symbol.asyncDispose]: close };
};

const planWith =
  ({ holidays }: Pick<Opened, "holidays">): PlanSlots =>
  async ({ schedule, read, ...facts }) =>
    planSlots({ ...facts, schedule: read, holidays: await holidays.of(schedule.calendar, facts.now) });

/** The check of a drill, with the environment that commands of backups get. */
const checkWith =
  ({ environment }: Pick<Config, "environment">): RunCheck =>
  async ({ line, path, cwd, signal }) => {
    await runCommand({ line, more: [path], name: "The check", cwd, environment, out: null, signal });
  };

/** Starts the loops of backups beside those of reports, and ends them together; without any backup, or for one occasion, there are none. */
export const withBackups = (
  work: Work,
  {
    open: { config, installation },
    parts,
    settings,
  }: {
    readonly open: Pick<Opened, "config" | "installation">;
    readonly parts: BackupParts;
    readonly settings: Pick<WorkSettings, "owner" | "roles" | "occasion">;
  },
): Work => {
  if (settings.occasion !== null || config.backups.length === 0) return work;
  // Asked each time: it may be adopted while this process runs, here or elsewhere.
  const isOurs = async () => {
    await installation.look();
    return installation.id() !== null;
  };
  const backups = startBackups(parts, { ...backupSettingsOf(config, settings), isOurs });
  return {
    loops: [...work.loops, ...backups.loops],
    ring: () => {
      work.ring();
      backups.ring();
    },
    stop: async () => void (await Promise.all([work.stop(), backups.stop()])),
  };
};

/** A process with the role makes those of its own machine. Whoever plans reports also watches that none is missing: it is another machine, often. */
const backupSettingsOf = (
  config: Config,
  { owner, roles }: Pick<WorkSettings, "owner" | "roles">,
): Omit<BackupSettings, "isOurs"> => ({
  owner,
  leaseMs: config.limits.leaseMs,
  sweepEveryMs: config.limits.sweepEveryMs,
  mine: roles.includes("backup") ? config.backups.filter((backup) => runsOn(backup, config.host)) : [],
  watched: roles.includes("backup") || roles.includes("tick") ? config.backups : [],
});

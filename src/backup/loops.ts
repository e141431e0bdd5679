/** The loops of the role `backup`: runs come due and are brought to their end, what is kept is looked after, restores are rehearsed. */
import { drill } from "#backup/drill.ts";
import { dueDrill, tickBackup } from "#backup/due.ts";
import { type Keeping, lookAtKept, rereadKept } from "#backup/reread.ts";
import { finishRun } from "#backup/run.ts";
import { type BackupParts, lostFault } from "#backup/step.ts";
import { watchOwed, watchStrays } from "#backup/watch.ts";
import type { Backup } from "#model/backup.ts";
import { isFault } from "#model/fault.ts";
import { type Loop, startLoop } from "#runtime/loop.ts";
import { openWake, type Wake } from "#runtime/wake.ts";
import { giveBackRuns, openRun, renewRun, type TakenRun, takeRun } from "#store/backup-runs.ts";
import { type Hold, holdLock } from "#store/hold.ts";

/** How this process keeps backups. */
export interface BackupSettings {
  /** Names this process in leases. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly sweepEveryMs: number;
  /** Those whose command runs here; without the role `backup` none. */
  readonly mine: readonly Backup[];
  /** Those that somebody must look at, wherever they are made. */
  readonly watched: readonly Backup[];
  /** False over a copy of somebody else's database: it would make, and remove, archives in the original's bucket. */
  readonly isOurs: () => Promise<boolean>;
}

/** A process that keeps backups. */
export interface BackupWork {
  readonly loops: readonly Loop[];
  /** Something may be due. */
  ring(): void;
  /** Gives its runs back: another process, or this one after its next start, goes on where they stand. */
  stop(): Promise<void>;
}

/** Two at once, so that a long one doesn't keep the others from their time. */
const runners = 2;

/** What is kept changes slowly; its looks are due once a day each. */
const keepEveryMs = 60_000;

/** Starts the loops. */
export const startBackups = (parts: BackupParts, settings: BackupSettings): BackupWork => {
  const bells = { tick: openWake(), run: Array.from({ length: runners }, () => openWake()) };
  const shift: Shift = { parts, settings, bells };
  const loops = [
    ...(settings.mine.length === 0 ? [] : [round(shift, "backup-tick", { wake: bells.tick, work: () => tick(shift) })]),
    ...(settings.mine.length === 0
      ? []
      : bells.run.map((wake, n) =>
          round(shift, `backup-run-${n}`, { wake, work: (signal) => runNext(shift, signal) }),
        )),
    ...(settings.mine.length === 0
      ? []
      : [round(shift, "backup-keep", { everyMs: keepEveryMs, work: (signal, beat) => keepAll(shift, signal, beat) })]),
    ...(settings.watched.length === 0
      ? []
      : [round(shift, "backup-watch", { everyMs: keepEveryMs, work: (signal) => watchAll(shift, signal) })]),
  ];
  return {
    loops,
    ring: () => bells.tick.ring(),
    stop: async () => void (await Promise.all(loops.map((loop) => loop.stop()))),
  };
};

interface Shift {
  readonly parts: BackupParts;
  readonly settings: BackupSettings;
  readonly bells: { readonly tick: Wake; readonly run: readonly Wake[] };
}

interface Round {
  readonly wake?: Wake;
  readonly everyMs?: number;
  readonly work: (signal: AbortSignal, beat: () => void) => Promise<"more" | undefined>;
}

const round = ({ parts, settings }: Shift, name: string, { wake, everyMs = 0, work }: Round): Loop =>
  startLoop({
    name,
    everyMs: Math.max(everyMs, settings.sweepEveryMs),
    work: async (signal, beat) => ((await settings.isOurs()) ? work(signal, beat) : undefined),
    clock: parts.clock,
    ...(wake !== undefined && { wake }),
    // A run goes on where it stands after the next start, so nobody waits for hours of uploading.
    finishWithinMs: 0,
    abandonAfterMs: 20_000,
    onFault: (error, inARow) => parts.log.error("loop.fault", { loop: name, error, inARow }),
  });

/** One backup's trouble stops only that backup. */
const forEach = async (
  backups: readonly Backup[],
  { parts, what }: { readonly parts: BackupParts; readonly what: string },
  work: (backup: Backup) => Promise<void>,
): Promise<void> => {
  for (const backup of backups) {
    try {
      await work(backup);
    } catch (error) {
      if (isFault(error, "store.unreachable")) throw error;
      parts.log.error(what, { backup: backup.name, error });
    }
  }
};

const tick = async ({ parts, settings, bells }: Shift): Promise<undefined> => {
  let made = 0;
  await forEach(settings.mine, { parts, what: "backup.tick" }, async (backup) => {
    made += await tickBackup(backup, parts);
  });
  if (made > 0) for (const wake of bells.run) wake.ring();
};

/** Takes one run that is due and brings it to its end. */
const runNext = async ({ parts, settings }: Shift, signal: AbortSignal): Promise<"more" | undefined> => {
  for (const backup of settings.mine) {
    if ((await takeAndFinish(backup, { parts, settings, signal })) !== null) return "more";
  }
  return undefined;
};

/** What taking a run needs. */
export interface TakeParts {
  readonly parts: BackupParts;
  readonly settings: Pick<BackupSettings, "owner" | "leaseMs">;
  readonly signal: AbortSignal;
}

/** Finishes the open run of a backup, if it is due and nobody else holds it; `null`: there was nothing to take. */
export const takeAndFinish = async (
  backup: Backup,
  { parts, settings, signal }: TakeParts,
): Promise<TakenRun | null> => {
  const { pool, clock } = parts;
  if ((await openRun(pool, backup.name)) === null) return null;
  // The lock comes first: whoever only took the row would do nothing but keep it from its owner.
  await using hold = await holdLock(pool, `backup:${backup.name}`);
  if (hold === null) return null;
  // An owner of its own for each backup: giving one run back must not give back another that is under way.
  const owner = `${settings.owner}/${backup.name}`;
  const ask = { owner, leaseMs: settings.leaseMs, now: clock.now(), backups: [backup.name] };
  const run = await takeRun(pool, ask);
  if (run === null) return null;
  parts.log.info("backup.taken", { backup: backup.name, run: run.id, state: run.state, n: run.n });
  return await whileLeased({ run, backup, hold }, { parts, settings, signal });
};

const whileLeased = async (
  owned: { readonly run: TakenRun; readonly backup: Backup; readonly hold: Hold },
  { parts, settings, signal }: TakeParts,
): Promise<TakenRun> => {
  const lost = new AbortController();
  const renew = async (): Promise<void> => {
    // A database that is away for a moment is no lost lease: it runs by the database's own clock.
    const isOurs = await renewRun(parts.pool, owned.run, settings.leaseMs).catch(() => true);
    if (!isOurs) lost.abort(lostFault(owned.run));
  };
  const timer = setInterval(() => void renew(), settings.leaseMs / 3);
  try {
    return await finishRun(owned, parts, AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    // What was cut short here is taken up again at once, by whoever comes first.
    await giveBackRuns(parts.pool, owned.run.owner).catch(() => 0);
    throw error;
  } finally {
    clearInterval(timer);
  }
};

const keepAll = async ({ parts, settings }: Shift, signal: AbortSignal, beat: () => void): Promise<undefined> => {
  await forEach(settings.mine, { parts, what: "backup.keep" }, async (backup) => {
    const keeping: Keeping = { backup, parts, signal };
    await keepOne(keeping);
    beat();
  });
};

/** Each look under a lock of its own: two daemons don't read the same gigabytes, and a run isn't held up by them. */
const keepOne = async (keeping: Keeping): Promise<void> => {
  const { backup, parts } = keeping;
  await under(keeping, `backup:${backup.name}`, async () => {
    await lookAtKept(keeping);
    await watchStrays(keeping);
  });
  await under(keeping, `backup-keep:${backup.name}`, async () => {
    await rereadKept(keeping);
    const nominal = await dueDrill(backup, parts);
    if (nominal !== null) await drill(keeping, { nominal, random: Math.random() });
  });
};

const under = async ({ parts }: Keeping, lock: string, work: () => Promise<void>): Promise<void> => {
  await using hold = await holdLock(parts.pool, lock);
  if (hold !== null) await work();
};

const watchAll = async ({ parts, settings }: Shift, signal: AbortSignal): Promise<undefined> => {
  await forEach(settings.watched, { parts, what: "backup.watch" }, (backup) => watchOwed({ backup, parts, signal }));
};

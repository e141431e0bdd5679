/** Making a backup now, because somebody asked for it. */
import { dateOf } from "#backup/due.ts";
import { takeAndFinish } from "#backup/loops.ts";
import { placeInWords } from "#backup/plan/keys.ts";
import type { BackupParts } from "#backup/step.ts";
import { type Backup, runsOn } from "#model/backup.ts";
import type { BackupRun, CataloguedArchive } from "#model/backup-run.ts";
import { Fault } from "#model/fault.ts";
import { before } from "#model/time.ts";
import { openWake } from "#runtime/wake.ts";
import { archiveByKey } from "#store/archives.ts";
import { hurryRun, openRun, putRun, runById } from "#store/backup-runs.ts";

/** Who asks, and as whom this process takes the run. */
export interface RunAsk {
  readonly by: string;
  /** This machine. */
  readonly host: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  /** Told how the run stands, while it is somebody else's work. */
  readonly onState?: (run: BackupRun) => void;
}

/** What became of it. `elsewhere`: it is due, and made by the daemon of the host that the configuration names. */
export interface Made {
  readonly kind: "ended" | "elsewhere";
  readonly run: BackupRun;
  readonly archive: CataloguedArchive | null;
}

/** Makes a backup, or goes on with the run that is open; waits for whoever else has it in hand. */
export const runBackup = async (backup: Backup, ask: RunAsk, parts: BackupParts): Promise<Made> => {
  const id = await openOrPut(backup, ask, parts);
  await hurryRun(parts.pool, id);
  if (!runsOn(backup, ask.host)) return madeOf("elsewhere", id, { backup, parts });
  const settings = { owner: ask.owner, leaseMs: ask.leaseMs };
  const wake = openWake();
  for (;;) {
    if (ask.signal.aborted) throw stoppedFault(backup);
    const taken = await takeAndFinish(backup, { parts, settings, signal: ask.signal }).catch((error: unknown) => {
      throw ask.signal.aborted ? stoppedFault(backup) : error;
    });
    const run = await runOf(id, parts);
    // Tried and put off is an end for whoever asked; the daemon goes on with it.
    const isPutOff = taken?.id === id || (run.notBefore !== null && before(parts.clock.now(), run.notBefore));
    if (run.finishedAt !== null || isPutOff) return madeOf("ended", id, { backup, parts });
    ask.onState?.(run);
    await wake.wait(lookEveryMs, ask.signal);
  }
};

const lookEveryMs = 500;

const openOrPut = async (backup: Backup, ask: Pick<RunAsk, "by">, parts: BackupParts): Promise<string> => {
  const { pool, clock } = parts;
  const open = await openRun(pool, backup.name);
  if (open !== null) return open.id;
  const now = clock.now();
  const { name, zone } = backup;
  const slot = { backup: name, nominal: now, due: now, date: dateOf(now, backup), zone };
  // Not recorded: its own slot came due in this very moment, and that run will do.
  return (await putRun(pool, { ...slot, askedBy: ask.by, skipped: null })) ?? (await openOrPut(backup, ask, parts));
};

const runOf = async (id: string, { pool }: BackupParts): Promise<BackupRun> => {
  const run = await runById(pool, id);
  if (run !== null) return run;
  throw new Fault("store.not-found", `Run ${id} is gone.`, { hint: "look at what there is: daybreak backup status" });
};

const madeOf = async (
  kind: Made["kind"],
  id: string,
  { backup, parts }: { readonly backup: Backup; readonly parts: BackupParts },
): Promise<Made> => {
  const run = await runOf(id, parts);
  const place = run.place ?? placeInWords(backup.place);
  return { kind, run, archive: run.key === null ? null : await archiveByKey(parts.pool, place, run.key) };
};

const stoppedFault = ({ name, host }: Backup): Fault =>
  new Fault("run.aborted", `Stopped. The run of “${name}” goes on where it stands, by the next daemon or command.`, {
    hint: host === null ? `daybreak backup run ${name}` : `daybreak backup run ${name}, on ${host}`,
    retry: "later",
  });

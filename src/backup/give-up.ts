/** When a run is tried again, when it is given up, and whom that is told. */
import { abandon } from "#backup/bring.ts";
import { moved, type Step } from "#backup/step.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import { later, type Temporal } from "#model/time.ts";
import type { TakenRun } from "#store/backup-runs.ts";

/** A run that was taken so often has ended its processes, one after the other: a file that no memory holds, a disk that hangs. */
const mostTakes = 25;

/** Throws for a run that nobody survives. */
export const refuseWorn = ({ n, state }: TakenRun): void => {
  if (n <= mostTakes) return;
  const hint = "look into the logs at the times at which it was taken; it isn't taken again by itself";
  throw new Fault("run.timeout", `Its process ended ${mostTakes} times, the last time while it was ${state}.`, {
    hint,
  });
};

/** Tries after which a run that fails for reasons that may pass is given up: two and a half hours with the pauses below. */
const mostTries = 10;

const pauseMs = (tries: number): number => Math.min(30, 2 ** Math.max(0, tries - 1)) * 60_000;

/** What may pass is tried again later, from where it stood; the rest fails for good. Either way somebody is told. */
export const giveUp = async (step: Step, error: unknown): Promise<TakenRun> => {
  const { run, backup, parts, signal } = step;
  // A process that stops, or that isn't the owner any more, leaves the row as it is: somebody else goes on.
  if (signal.aborted || isFault(error, "run.aborted") || isFault(error, "store.unreachable")) throw error;
  parts.log.error("backup.fault", { backup: backup.name, run: run.id, state: run.state, error });
  const again =
    isFault(error) && error.retry === "later" && run.n < mostTries ? later(parts.clock.now(), pauseMs(run.n)) : null;
  const reason = wordsOf(error);
  if (again === null) {
    await abandon(step).catch((left: unknown) => parts.log.warn("backup.abandoned", { run: run.id, error: left }));
  }
  const ended =
    again === null
      ? await moved(step, { to: "failed", reason })
      : await moved(step, { to: "due", reason, notBefore: again });
  await parts.alerts.raise({
    key: `backup:${backup.name}:failed`,
    severity: "critical",
    subject: `The backup “${backup.name}” of ${run.date} failed`,
    lines: [reason, ...(isFault(error) ? [error.hint] : []), nextWords(step, again)],
  });
  return ended;
};

const nextWords = ({ backup }: Step, again: Temporal.Instant | null): string =>
  again === null
    ? `Nothing was removed. It isn't tried again before its next time; at once: daybreak backup run ${backup.name}`
    : `Nothing was removed. It is tried again at ${again.toString({ smallestUnit: "minute" })}.`;

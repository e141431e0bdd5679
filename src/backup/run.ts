/** STORY PAGE 3: a backup comes due, is made, brought into its bucket, proven, and only then is anything older removed. */
import { bring } from "#backup/bring.ts";
import { make, prepare } from "#backup/make.ts";
import { conclude, prove, rotate, tidy } from "#backup/prove.ts";
import type { Seal } from "#backup/seal.ts";
import { type BackupParts, moved, type Step } from "#backup/step.ts";
import type { Backup } from "#model/backup.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import { later, type Temporal } from "#model/time.ts";
import type { TakenRun } from "#store/backup-runs.ts";
import type { Hold } from "#store/hold.ts";

/** A run in our hands, and whose lock we hold. */
export interface OwnedRun {
  readonly run: TakenRun;
  readonly backup: Backup;
  readonly hold: Hold;
}

/** Brings a run to its end from wherever its last owner left it. What becomes of it stands in its row; only a lost lock or lease throws. */
export const finishRun = async (owned: OwnedRun, parts: BackupParts, signal: AbortSignal): Promise<TakenRun> => {
  const bucket = parts.bucketOf(owned.backup);
  let step: Step = { ...owned, bucket, parts, signal };
  let seal: Seal | null = null;
  while (isOpen(step.run)) {
    try {
      const next: Advanced = await advance(step, seal);
      seal = next.seal ?? seal;
      step = { ...step, run: next.run };
    } catch (error) {
      return giveUp(step, error);
    }
  }
  return step.run;
};

const isOpen = ({ state }: TakenRun): boolean => state !== "done" && state !== "failed" && state !== "skipped";

interface Advanced {
  readonly run: TakenRun;
  /** Hashes that the next step can use, so that a large file isn't read twice. */
  readonly seal?: Seal;
}

const advance = async (step: Step, seal: Seal | null): Promise<Advanced> => {
  switch (step.run.state) {
    case "due":
      return { run: await prepare(step) };
    case "producing":
      return make(step);
    case "uploading":
      return { run: await bring(step, seal) };
    case "verifying":
      return { run: await settle(step) };
    case "done":
    case "failed":
    case "skipped":
      return { run: step.run };
  }
};

/** Nothing older is removed before the new archive was read back. */
const settle = async (step: Step): Promise<TakenRun> => {
  const proof = await prove(step);
  await tidy(step, proof);
  await rotate(step, proof);
  await step.parts.passPoint("backup:before-done");
  return conclude(step, proof);
};

/** Tries after which a run that fails for reasons that may pass is given up: two and a half hours with the pauses below. */
const mostTries = 10;

const pauseMs = (tries: number): number => Math.min(30, 2 ** Math.max(0, tries - 1)) * 60_000;

/** What may pass is tried again later, from where it stood; the rest fails for good. Either way somebody is told. */
const giveUp = async (step: Step, error: unknown): Promise<TakenRun> => {
  const { run, backup, parts, signal } = step;
  // A process that stops, or that isn't the owner any more, leaves the row as it is: somebody else goes on.
  if (signal.aborted || isFault(error, "run.aborted") || isFault(error, "store.unreachable")) throw error;
  parts.log.error("backup.fault", { backup: backup.name, run: run.id, state: run.state, error });
  const again =
    isFault(error) && error.retry === "later" && run.n < mostTries ? later(parts.clock.now(), pauseMs(run.n)) : null;
  const reason = wordsOf(error);
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

/** STORY PAGE 3: a backup comes due, is made, brought into its bucket, proven, and only then is anything older removed. */
import { bring } from "#backup/bring.ts";
import { giveUp, refuseWorn } from "#backup/give-up.ts";
import { make, prepare } from "#backup/make.ts";
import { conclude, prove, rotate, tidy } from "#backup/prove.ts";
import type { Seal } from "#backup/seal.ts";
import type { BackupParts, Step } from "#backup/step.ts";
import type { Backup } from "#model/backup.ts";
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
  let step: Step = { ...owned, parts, signal };
  let seal: Seal | null = null;
  while (isOpen(step.run)) {
    try {
      refuseWorn(step.run);
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

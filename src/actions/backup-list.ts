/** Archives in the words of an operator: what each is, and why it stays or goes. */
import { reasonInWords, removalInWords } from "#backup/plan/reasons.ts";
import type { Rotation } from "#backup/plan.ts";
import type { ArchiveState } from "#model/backup.ts";
import type { CataloguedArchive } from "#model/backup-run.ts";
import type { Temporal } from "#model/time.ts";

/** One archive with the verdict of rotation. */
export interface ListedArchive {
  readonly backup: string;
  readonly key: string;
  readonly date: string;
  readonly madeAt: Temporal.Instant;
  readonly bytes: number;
  readonly state: ArchiveState;
  /** Why it is suspect, broken or missing, or was accepted. */
  readonly reason: string | null;
  readonly verifiedAt: Temporal.Instant | null;
  readonly pin: string | null;
  readonly stays: boolean;
  readonly why: string;
}

/** Archives with why each stays or goes, in the order in which they come. */
export const withVerdicts = (
  archives: readonly CataloguedArchive[],
  { keep, remove }: Rotation,
): readonly ListedArchive[] => {
  const stays = new Map(keep.map(({ key, reasons }) => [key, reasons.map(reasonInWords).join(", ")]));
  const goes = new Map(remove.map(({ key, reason }) => [key, removalInWords(reason)]));
  return archives.map(({ backup, key, date, madeAt, bytes, state, reason, verifiedAt, pin }) => ({
    ...{ backup, key, date, madeAt, bytes, state, reason, verifiedAt, pin },
    stays: stays.has(key) || !goes.has(key),
    why: stays.get(key) ?? goes.get(key) ?? "it has another name than the backup's now",
  }));
};

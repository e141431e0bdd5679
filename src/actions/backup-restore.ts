/** Bringing an archive back into a file, with or without the rows. */
import { placeInWords } from "#backup/plan/keys.ts";
import { nextCommand, type RestoreAsk, type Restored, restore } from "#backup/restore.ts";
import type { Backup } from "#model/backup.ts";
import { Fault } from "#model/fault.ts";
import type { Clock } from "#runtime/clock.ts";
import type { PassPoint } from "#runtime/point.ts";
import { archiveByKey } from "#store/archives.ts";
import type { Pool } from "#store/pool.ts";

/** What restoring uses. */
export interface RestoreTools {
  readonly clock: Clock;
  readonly passPoint: PassPoint;
  readonly identity: string | null;
  /** `null`: the database is gone or away, and the manifests alone say what is proven. */
  readonly pool: Pool | null;
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number, of: number) => void;
  readonly onRetry: (error: unknown) => void;
}

/** What was restored, and what to do with it. */
export interface RestoredWithNext extends Restored {
  readonly next: readonly string[];
}

/** Restores an archive, and says how its report server takes it. */
export const restoreBackup = async (ask: RestoreAsk, tools: RestoreTools): Promise<RestoredWithNext> => {
  const { pool, signal, ...rest } = tools;
  const place = placeInWords(ask.backup.place);
  const stateOf = async (key: string) =>
    pool === null ? null : ((await archiveByKey(pool, place, key))?.state ?? null);
  try {
    const restored = await restore(ask, { ...rest, signal, stateOf, retryForMs: retryForMsOf(ask.backup) });
    return { ...restored, next: nextCommand(ask.backup, restored) };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Fault(
      "run.aborted",
      `Stopped. What has arrived stays in ${ask.to}.partial; the same command goes on from there.`,
      {
        hint: "",
        cause: error,
      },
    );
  }
};

/** A person waits: the command can be given again, and goes on where it was. */
const mostMs = 300_000;

const retryForMsOf = ({ place }: Backup): number =>
  place.kind === "s3" ? Math.min(mostMs, place.settings.retryForMs) : 30_000;

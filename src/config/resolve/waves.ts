import type { Context } from "#config/resolve/context.ts";
import type { ReportEntry } from "#config/resolve/views.ts";
import { durationMs } from "#config/schema/values.ts";
import type { FirstWave } from "#model/report.ts";

const restAfterMs = (written: string): number | null | undefined => {
  if (written === "when released") return null;
  return durationMs(/^after (.+)$/.exec(written)?.[1] ?? "");
};

/** Who gets a report before the others; nothing where it says nothing of it, so that its hash stays what it was. */
export const firstWaveOf = (
  { path, report: { firstWave, owner } }: ReportEntry,
  { note }: Context,
): { readonly firstWave?: FirstWave } => {
  if (firstWave === undefined) return {};
  const { to = [], size, rest } = firstWave;
  const at = [...path, "firstWave"];
  if (to.length === 0 && size === 0 && owner === undefined)
    note(at, "names nobody; name people in to, a number in size, or the report's owner", "key");
  const ms = restAfterMs(rest);
  if (ms === undefined) note([...at, "rest"], "can't be understood; write after 10m, or when released");
  return { firstWave: { to, size, restAfterMs: ms ?? null } };
};

import type { CalendarConfig } from "#config/config.ts";
import type { Document, Path } from "#config/document.ts";
import type { Environment, Found } from "#config/environment.ts";
import { type Finding, valueAt } from "#config/mistakes.ts";
import type { Written } from "#config/schema.ts";
import { nearestOf, quoted } from "#model/nearest.ts";
import type { CronExpression, Mistake } from "#model/schedule.ts";

/** What the machine says where the file says nothing. */
export interface Machine {
  readonly zone: string;
  readonly cores: number;
  /** Its own name; without it backups that name a host run nowhere. */
  readonly host?: string;
}

/** Judges that belong to other places and are handed in, since the configuration knows only the vocabulary. */
export interface Checks {
  /** `readSchedule` of `schedule/cron.ts`. */
  readonly checkSchedule: (at: string) => CronExpression | Mistake;
  /** `mistakeInExpression` of `compose/`: what is wrong with an aggregate such as `sum(Revenue)`, or `null`. */
  readonly checkAggregate?: ((expression: string) => string | null) | undefined;
  /** Throws a fault for an unknown country or region; without it they are judged when first used. */
  readonly checkCalendar?: ((calendar: CalendarConfig) => Promise<unknown>) | undefined;
}

/** What every part of the resolving needs. */
export interface Context {
  readonly written: Written;
  readonly document: Document;
  readonly environment: Environment;
  readonly dir: string;
  readonly home: string;
  readonly machine: Machine;
  readonly checks: Checks;
  /** Adds a mistake; `message` is `what; remedy`. */
  readonly note: (path: Path, message: string, part?: Finding["part"]) => void;
  /** Remembers which variable a setting came from, for `explain`. */
  readonly used: (path: Path, found: Found) => void;
}

/** Names declared in the file at a top-level key, also where what stands under a name is wrong. */
export const declared = (
  { document }: Context,
  key: "servers" | "sources" | "calendars" | "reports" | "backups",
): readonly string[] => {
  const section = valueAt(document.value, [key]);
  const names = typeof section === "object" && section !== null ? Object.keys(section) : [];
  return key === "servers" && valueAt(document.value, ["server"]) !== undefined ? ["main", ...names] : names;
};

/** `is no known server; did you mean “main”?` or a list of those that there are. */
export const unknownName = (kind: string, written: string, known: readonly string[]): string => {
  const near = nearestOf(written, known);
  if (near.length > 0) return `names no ${kind} of this file; did you mean ${quoted(near)}?`;
  return known.length === 0
    ? `names a ${kind}, but this file has none; add it under ${kind}s`
    : `names no ${kind} of this file; write ${quoted(known)}`;
};

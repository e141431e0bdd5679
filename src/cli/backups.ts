/** What the commands of backups share: opening, and their words. */
import { backupNamed } from "#actions/backups.ts";
import type { App } from "#app.ts";
import { withApp } from "#cli/open.ts";
import type { Cell, Tone } from "#cli/table.ts";
import type { Cli, Common, ExitCode } from "#cli/verb.ts";
import type { ArchiveState, Backup } from "#model/backup.ts";

/** The backups of the configuration, and what acts on them. */
export interface OpenBackups {
  readonly app: App;
  readonly backups: readonly Backup[];
}

/** Opens the rows and the configured backups for a command. */
export const withBackups = (
  cli: Cli,
  common: Common,
  work: (open: OpenBackups) => Promise<ExitCode>,
): Promise<ExitCode> => withApp(cli, { common, reach: "rows" }, (app) => work({ app, backups: app.config.backups }));

/** The named backup, or all of them. */
export const chosen = (name: string | undefined, backups: readonly Backup[]): readonly Backup[] =>
  name === undefined ? backups : [backupNamed(name, backups)];

const tones: Readonly<Record<ArchiveState, Tone>> = {
  verified: "good",
  made: "dim",
  suspect: "warn",
  broken: "bad",
  missing: "bad",
  removed: "dim",
};

/** An archive's state in its colour. */
export const archiveCell = (state: ArchiveState): Cell => ({ text: state, tone: tones[state] });

/** `3 min`, `2 h`, `12 days`. */
export const spanInWords = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 90_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 90) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
};

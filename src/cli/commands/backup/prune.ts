import type { Command } from "commander";
import { withVerdicts } from "#actions/backup-list.ts";
import { backupNamed, pruneBackup } from "#actions/backups.ts";
import { withBackups } from "#cli/backups.ts";
import { wholeNumber } from "#cli/numbers.ts";
import { operator } from "#cli/open.ts";
import { untilStopped } from "#cli/progress.ts";
import { type Cli, type ExitCode, verb } from "#cli/verb.ts";
import { counted, sizeInWords } from "#cli/words.ts";

interface PruneOptions {
  readonly dryRun?: boolean;
  readonly allowDelete?: number;
  readonly confirm?: boolean;
}

type Report = Awaited<ReturnType<typeof pruneBackup>>;

/** `backup prune <name>`. */
export const pruneCommand = (cli: Cli): Command =>
  verb({
    usage: "prune <name>",
    does: "Remove the archives that the retention no longer keeps. A verified archive must be fresh, and whatever looks wrong refuses all of it.",
    examples: [
      "backup prune tableau --dry-run",
      "backup prune tableau",
      "backup prune tableau --confirm --allow-delete 40",
    ],
    attention: "it was refused, or some archives could not be removed",
    json: true,
  })
    .option("--dry-run", "only say what would go, and why the rest stays")
    .option("--allow-delete <count>", "let so many go at once (without: 3, or a fifth of all)", wholeNumber)
    .option("--confirm", "approve the retention as the configuration now has it")
    .action((name: string, options: PruneOptions, command: Command) =>
      cli.run(command, (common) =>
        withBackups(cli, common, async ({ app, backups }) => {
          const stop = untilStopped(cli.terminal);
          const { dryRun = false, allowDelete = null, confirm = false } = options;
          const words = { dryRun, allowDelete, confirm, by: operator(), signal: stop.signal };
          const report = await pruneBackup(backupNamed(name, backups), words, app.backups).finally(stop.done);
          if (common.json) cli.say.json(asJson(report));
          else tell(cli, report, { dryRun, verbose: common.verbose });
          return codeOf(report);
        }),
      ),
    );

const codeOf = ({ refusals, gone }: Report): ExitCode =>
  refusals.length > 0 || gone.some(({ outcome }) => outcome === "failed") ? 3 : 0;

const asJson = (report: Report) => ({
  ...report,
  archives: withVerdicts(report.archives, report.rotation),
  rotation: undefined,
});

const tell = (cli: Cli, report: Report, how: { readonly dryRun: boolean; readonly verbose: boolean }): void => {
  const { say } = cli;
  const { rotation, refusals, gone } = report;
  const isIdle = how.dryRun || (refusals.length > 0 && gone.length === 0);
  if (isIdle) tellPlan(cli, report, how.verbose);
  else tellGone(cli, report);
  for (const key of report.endedUploads) say.line(`An abandoned upload of ${key} was ended.`);
  for (const note of report.notes) say.warn(note);
  for (const { words, hint } of refusals) {
    say.warn(words);
    say.line(`  → ${hint}`);
  }
  if (refusals.length > 0) return;
  if (how.dryRun && rotation.remove.length > 0) say.line("Nothing was removed: this was a dry run.");
  else if (rotation.remove.length === 0)
    say.good(`Nothing has to go; ${counted(rotation.keep.length, "archive stays", "archives stay")}.`);
};

const tellPlan = ({ say }: Cli, { archives, rotation }: Report, verbose: boolean): void => {
  const rows = withVerdicts(archives, rotation).filter(({ stays }) => verbose || !stays);
  if (rows.length === 0) return;
  say.table(
    ["archive", "date", "size", "", "why"],
    rows.map(({ key, date, bytes, stays, why }) => [
      ...[key, date, sizeInWords(bytes)],
      stays ? { text: "stays", tone: "good" } : { text: "would go", tone: "warn" },
      why,
    ]),
  );
};

const tellGone = ({ say }: Cli, report: Report): void => {
  const { gone, freedBytes, markedBytes, archives, rotation } = report;
  const of = (wanted: string) => gone.filter(({ outcome }) => outcome === wanted);
  const away = of("removed").length + of("marked").length;
  for (const { key, words } of of("failed")) say.warn(`${key} could not be removed: ${words}`);
  for (const { key } of of("locked")) say.warn(`${key} stays: Object Lock keeps it.`);
  for (const { key, words } of gone) if (words.includes(" is left: ")) say.warn(`${key}: ${words}`);
  if (away === 0) return;
  say.good(
    `${counted(away, "archive")} removed, ${counted(archives.length - away, "archive stays", "archives stay")} of ${archives.length}.`,
  );
  if (rotation.remove.length > away) say.line("Run it again for the rest.");
  if (freedBytes > 0) say.line(`${sizeInWords(freedBytes)} came free.`);
  if (markedBytes > 0)
    say.line(
      `${sizeInWords(markedBytes)} are still stored: the bucket is versioned and keeps them until a lifecycle rule ends old versions.`,
    );
};

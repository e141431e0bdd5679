import type { Command } from "commander";
import { backupNamed, rebuild } from "#actions/backups.ts";
import { withBackups } from "#cli/backups.ts";
import { operator } from "#cli/open.ts";
import { untilStopped } from "#cli/progress.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";

/** `backup catalog rebuild <name>`. */
export const catalogCommand = (cli: Cli): Command =>
  verb({
    usage: "catalog",
    does: "The catalogue of archives in the database, which is a copy of what the bucket says.",
    examples: ["backup catalog rebuild tableau --dry-run"],
  }).addCommand(rebuildCommand(cli));

type Report = Awaited<ReturnType<typeof rebuild>>;

const rebuildCommand = (cli: Cli): Command =>
  verb({
    usage: "rebuild <name>",
    does: "Make the catalogue anew from the manifests in the bucket, after the database was lost or archives were removed by hand.",
    examples: ["backup catalog rebuild tableau --dry-run", "backup catalog rebuild tableau"],
    attention: "there are archives without a manifest, or with one that can't be read",
    json: true,
  })
    .option("--dry-run", "only say what would change")
    .action((name: string, { dryRun = false }: { dryRun?: boolean }, command: Command) =>
      cli.run(command, (common) =>
        withBackups(cli, common, async ({ app, backups }) => {
          const stop = untilStopped(cli.terminal);
          const ask = { dryRun, by: operator(), signal: stop.signal };
          const report = await rebuild(backupNamed(name, backups), ask, app.backups).finally(stop.done);
          if (common.json) cli.say.json(report);
          else tell(cli, report, { name, dryRun });
          return report.bare.length + report.unreadable.length + report.orphans.length > 0 ? 3 : 0;
        }),
      ),
    );

const tell = (
  { say }: Cli,
  report: Report,
  { name, dryRun }: { readonly name: string; readonly dryRun: boolean },
): void => {
  const { found, added, struck, bare, unreadable, orphans } = report;
  for (const key of struck) say.warn(`${key} is ${dryRun ? "to be " : ""}struck out: the bucket doesn't have it.`);
  for (const { key, words } of unreadable) say.warn(`The manifest of ${key} can't be read: ${words}`);
  for (const key of orphans) say.warn(`${key} has a manifest, and is gone itself.`);
  if (bare.length > 0) say.warn(`${counted(bare.length, "archive")} without a manifest: daybreak backup adopt ${name}`);
  const known = `${counted(found, "archive")} in the bucket with a manifest, ${added.length} of them new to the catalogue`;
  if (dryRun) say.line(`${known}. Nothing was changed: this was a dry run.`);
  else say.good(`${known}.`);
};

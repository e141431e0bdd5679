import type { Command } from "commander";
import { adoptArchives, backupNamed } from "#actions/backups.ts";
import { withBackups } from "#cli/backups.ts";
import { untilStopped } from "#cli/progress.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { counted, sizeInWords } from "#cli/words.ts";

type Adopted = Awaited<ReturnType<typeof adoptArchives>>[number];

/** `backup adopt <name>`. */
export const adoptCommand = (cli: Cli): Command =>
  verb({
    usage: "adopt <name>",
    does: "Read archives that were there before Daybreak, write their manifests, and so bring them under the retention.",
    examples: ["backup adopt tableau --dry-run", "backup adopt tableau"],
    attention: "some are suspect, still being written, or not what the catalogue knows",
    json: true,
  })
    .option("--dry-run", "only say which archives would be read")
    .action((name: string, { dryRun = false }: { dryRun?: boolean }, command: Command) =>
      cli.run(command, (common) =>
        withBackups(cli, common, async ({ app, backups }) => {
          const stop = untilStopped(cli.terminal);
          const ask = { dryRun, signal: stop.signal, onProgress: progressOn(cli) };
          const all = await adoptArchives(backupNamed(name, backups), ask, app.backups).finally(stop.done);
          if (common.json) cli.say.json(all);
          else tell(cli, all, dryRun);
          return all.some(({ outcome }) => outcome !== "adopted" && outcome !== "would") ? 3 : 0;
        }),
      ),
    );

const progressOn =
  ({ terminal }: Cli) =>
  (key: string, bytes: number, of: number): void => {
    const share = of === 0 ? 100 : Math.floor((bytes / of) * 100);
    terminal.status(`reading ${key} ${share} % of ${sizeInWords(of)}`);
  };

const words: Readonly<Record<Adopted["outcome"], Cell>> = {
  adopted: { text: "adopted", tone: "good" },
  would: "would be read",
  suspect: { text: "suspect", tone: "warn" },
  waits: { text: "waits", tone: "warn" },
  differs: { text: "broken", tone: "bad" },
};

const tell = ({ say }: Cli, all: readonly Adopted[], dryRun: boolean): void => {
  if (all.length === 0) say.line("There is nothing to adopt: every archive has its manifest.");
  else
    say.table(
      ["archive", "size", "", ""],
      all.map(({ key, bytes, outcome, words: why }) => [key, sizeInWords(bytes), words[outcome], why]),
    );
  const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  if (dryRun && all.length > 0)
    say.line(
      `${counted(all.length, "archive")}, ${sizeInWords(bytes)} to be read. Nothing was changed: this was a dry run.`,
    );
  if (all.some(({ outcome }) => outcome === "suspect"))
    say.line('What is suspect doesn\'t count until: daybreak backup accept <key> --reason "…"');
};

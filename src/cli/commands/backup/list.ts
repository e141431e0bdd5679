import type { Command } from "commander";
import type { ListedArchive } from "#actions/backup-list.ts";
import { listArchives } from "#actions/backup-status.ts";
import { archiveCell, chosen, withBackups } from "#cli/backups.ts";
import { wholeNumber } from "#cli/numbers.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { sizeInWords } from "#cli/words.ts";

/** `backup list [name]`. */
export const listCommand = (cli: Cli): Command =>
  verb({
    usage: "list [name]",
    does: "List archives, newest first, with why each is kept.",
    examples: ["backup list", "backup list tableau --limit 500", "backup list tableau --json"],
    json: true,
  })
    .option("--limit <count>", "at most so many lines", wholeNumber, 60)
    .action((name: string | undefined, { limit }: { limit: number }, command: Command) =>
      cli.run(command, (common) =>
        withBackups(cli, common, async ({ app, backups }) => {
          const all = await listArchives(chosen(name, backups), app.backups);
          if (common.json) cli.say.json(all);
          else if (all.length === 0) cli.say.line("There are none yet.");
          else tell(cli, all, limit);
          return 0;
        }),
      ),
    );

const tell = ({ say }: Cli, all: readonly ListedArchive[], limit: number): void => {
  say.table(["backup", "date", "archive", "size", "state", "why it stays"], all.slice(0, limit).map(rowOf));
  if (all.length > limit) say.note(`… and ${all.length - limit} more: --limit ${all.length}`);
};

const rowOf = ({ backup, date, key, bytes, state, stays, why, reason }: ListedArchive): readonly Cell[] => [
  backup,
  date,
  key,
  sizeInWords(bytes),
  archiveCell(state),
  [...(reason === null ? [] : [reason]), stays ? why : `goes: ${why}`].join("; "),
];

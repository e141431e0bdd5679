import type { Command } from "commander";
import { type Verified, verifyArchives, type Which } from "#actions/backup-proof.ts";
import { backupNamed } from "#actions/backups.ts";
import { spanInWords, withBackups } from "#cli/backups.ts";
import { dateWord } from "#cli/commands/backup/restore.ts";
import { transferOn, untilStopped } from "#cli/progress.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { sizeInWords } from "#cli/words.ts";

interface VerifyOptions {
  readonly date?: string;
  readonly all?: boolean;
}

/** `backup verify <name>`. */
export const verifyCommand = (cli: Cli): Command =>
  verb({
    usage: "verify <name>",
    does: "Read archives back from the bucket, whole, and compare them with what was made: those that are not proven yet, or the newest.",
    examples: ["backup verify tableau", "backup verify tableau --date 2026-11-21", "backup verify tableau --all"],
    attention: "an archive is not what was made, is gone, or has lost its manifest",
    json: true,
  })
    .option("--date <date>", "those of a date, 2026-11-21", dateWord)
    .option("--all", "all of them")
    .action((name: string, options: VerifyOptions, command: Command) =>
      cli.run(command, (common) =>
        withBackups(cli, common, async ({ app, backups }) => {
          const backup = backupNamed(name, backups);
          const stop = untilStopped(cli.terminal);
          const draw = transferOn(cli.terminal);
          let reading = name;
          const onArchive = (key: string): void => {
            reading = key;
          };
          const onProgress = (_: unknown, bytes: number, of: number): void => draw(`reading ${reading}`, bytes, of);
          const parts = { ...app.backups, onProgress };
          const ask = { signal: stop.signal, onArchive };
          const all = await verifyArchives(backup, whichOf(options), { ask, parts }).finally(stop.done);
          if (common.json) cli.say.json(all);
          else tell(cli, all);
          return all.some(({ outcome }) => outcome !== "equal") ? 3 : 0;
        }),
      ),
    );

const whichOf = ({ date, all = false }: VerifyOptions): Which => {
  if (date !== undefined) return { kind: "date", date };
  return { kind: all ? "all" : "unproven" };
};

const words: Readonly<Record<Verified["outcome"], Cell>> = {
  equal: { text: "equal", tone: "good" },
  bare: { text: "no manifest", tone: "bad" },
  missing: { text: "missing", tone: "bad" },
  different: { text: "different", tone: "bad" },
};

const tell = ({ say }: Cli, all: readonly Verified[]): void => {
  say.table(
    ["archive", "size", "read back", "in"],
    all.map(({ key, bytes, outcome, ms }) => [key, sizeInWords(bytes), words[outcome], spanInWords(ms)]),
  );
  for (const one of all) if (one.outcome !== "equal") say.warn(one.words);
};

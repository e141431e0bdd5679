import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type RestoredWithNext, restoreBackup } from "#actions/backup-restore.ts";
import { backupNamed } from "#actions/backups.ts";
import { openBucket } from "#app/buckets.ts";
import type { App } from "#app.ts";
import { configOf, openKept, openToolsKept, quietly } from "#cli/open.ts";
import { transferOn, untilStopped } from "#cli/progress.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { sizeInWords } from "#cli/words.ts";
import type { Config } from "#config/config.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";

interface RestoreOptions {
  readonly latest?: boolean;
  readonly date?: string;
  readonly to: string;
  readonly force?: boolean;
  /** Commander's form of `--no-database`. */
  readonly database: boolean;
}

/** Reads `2026-11-21`. */
export const dateWord = (text: string): string => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) throw new InvalidArgumentError("Write a date as 2026-11-21.");
  return text;
};

/** `backup restore <name>`. */
export const restoreCommand = (cli: Cli): Command =>
  verb({
    usage: "restore <name>",
    does: "Bring an archive back into a new file, compared with what was made, and tell how the report server takes it. Needs only the bucket.",
    examples: [
      "backup restore tableau --latest --to /var/tmp/bi.tsbak",
      "backup restore tableau --date 2026-11-01 --to bi.tsbak",
      "backup restore daybreak --latest --to daybreak.sql.zst --no-database",
    ],
    attention: "it was never read back before, and was taken by --force",
    json: true,
    more: ["A restore that was cut off goes on where it was when the same command is given again."],
  })
    .option("--latest", "the newest one that is verified")
    .option("--date <date>", "the one of a date, 2026-11-01", dateWord)
    .requiredOption("--to <file>", "the file to write; it must not be there yet")
    .option("--force", "take an archive that nobody has read back, too")
    .option("--no-database", "ask the bucket alone, when the database is what has to be restored")
    .action((name: string, options: RestoreOptions, command: Command) =>
      cli.run(command, (common) => restoreNamed(cli, common, { name, options })),
    );

const restoreNamed = async (
  cli: Cli,
  common: Common,
  { name, options }: { readonly name: string; readonly options: RestoreOptions },
): Promise<ExitCode> => {
  const { latest = false, date = null, force = false } = options;
  if (latest === (date !== null)) {
    throw new Fault("usage", "Name the archive: --latest, or --date 2026-11-01.", {
      hint: `daybreak backup list ${name}`,
    });
  }
  const config = await configOf(cli, common);
  const backup = backupNamed(name, config.backups);
  await using tools = await openToolsKept(cli, config, quietly(cli, common));
  await using rows = options.database ? await openRows(cli, config, common) : null;
  const bucket = openBucket(backup.place);
  const stop = untilStopped(cli.terminal);
  const draw = transferOn(cli.terminal);
  try {
    const restored = await restoreBackup(
      {
        ...{ backup, bucket, force, to: resolve(cli.terminal.cwd, options.to) },
        wanted: date === null ? { kind: "latest" } : { kind: "date", date },
      },
      {
        ...{ clock: tools.clock, passPoint: tools.passPoint, identity: config.backupIdentity, signal: stop.signal },
        pool: rows?.pool ?? null,
        onProgress: (bytes, of) => draw("restoring", bytes, of),
        onRetry: (error) => cli.terminal.status(`It is tried again: ${wordsOf(error)}`),
      },
    ).finally(stop.done);
    if (common.json) cli.say.json(restored);
    else tell(cli, restored);
    return restored.isProven ? 0 : 3;
  } finally {
    await bucket.close();
  }
};

/** The rows tell what was found broken since; a machine that has lost them restores all the same. */
const openRows = async (cli: Cli, config: Config, common: Common): Promise<App | null> => {
  if (config.database === null && !existsSync(join(config.home, "postgres"))) return null;
  try {
    return await openKept(cli, config, { ...quietly(cli, common), reach: "rows" });
  } catch (error) {
    if (!isFault(error) || !error.code.startsWith("store.")) throw error;
    cli.say.note(
      `The database can't be asked (${wordsOf(error)}), so the manifests in the bucket alone say what is proven.`,
    );
    return null;
  }
};

const tell = ({ say }: Cli, { manifest, isProven, path, beside, next }: RestoredWithNext): void => {
  say.good(
    `${path}: ${manifest.key}, ${sizeInWords(manifest.bytes)}, of ${manifest.date}. Its SHA-256 is that of the archive that was made.`,
  );
  for (const one of beside) say.good(`${one} belongs to it.`);
  if (!isProven) say.warn("Nobody had read it back before.");
  say.line("Next:");
  for (const line of next) say.line(`  ${line}`);
};

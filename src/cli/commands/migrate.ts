import type { Command } from "commander";
import { configOf, openDatabaseKept, openToolsKept, quietly } from "#cli/open.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";

/** `migrate`: brings the database's schema up to this program. */
export const migrateCommand = (cli: Cli): Command =>
  verb({
    usage: "migrate",
    does: "Bring the database's schema up to this version; every other command does it, too.",
    examples: ["migrate"],
  }).action((_: unknown, command: Command) => cli.run(command, (common) => migrateNow(cli, common)));

const migrateNow = async (cli: Cli, common: Common): Promise<ExitCode> => {
  await using tools = await openToolsKept(cli, await configOf(cli, common), quietly(cli, common));
  await using database = await openDatabaseKept(cli, tools);
  cli.terminal.status(null);
  const { applied, version } = database.migrated;
  if (applied.length === 0) cli.say.good(`The schema is up to date (${version}).`);
  else
    cli.say.good(
      `The schema is at ${version} now; ${counted(applied.length, "migration was", "migrations were")} applied.`,
    );
  return 0;
};

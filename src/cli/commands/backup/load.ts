import { resolve } from "node:path";
import type { Command } from "commander";
import { loadDump } from "#app/load.ts";
import { configOf, openToolsKept, quietly } from "#cli/open.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";

/** `backup load <file>`. */
export const loadCommand = (cli: Cli): Command =>
  verb({
    usage: "load <file>",
    does: "Bring a dump of Daybreak's own database back into an empty one: all of it, or nothing. Nothing is mailed until it is adopted.",
    examples: ["backup load daybreak.sql.zst"],
    more: [
      "An archive becomes such a file by: daybreak backup restore NAME --latest --to daybreak.sql.zst --no-database",
    ],
  }).action((file: string, _: unknown, command: Command) => cli.run(command, (common) => load(cli, common, file)));

const load = async (cli: Cli, common: Common, file: string): Promise<ExitCode> => {
  await using tools = await openToolsKept(cli, await configOf(cli, common), quietly(cli, common));
  const { migrated } = await loadDump(resolve(cli.terminal.cwd, file), tools);
  cli.terminal.status(null);
  cli.say.good(`All of ${file} is in the database; its schema is at ${migrated.version}.`);
  cli.say.line("Nothing is mailed from it until you say what becomes of what waits in it: daybreak adopt");
  return 0;
};

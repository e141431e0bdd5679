import type { Command } from "commander";
import { type AdoptAsk, adoptIt } from "#actions/adopt.ts";
import { adoptingParts } from "#app/adopting.ts";
import type { App } from "#app.ts";
import { operator, withApp } from "#cli/open.ts";
import { type Cli, type ExitCode, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";

interface AdoptOptions {
  readonly join?: boolean;
  readonly sendWaiting?: boolean;
  readonly discardWaiting?: boolean;
}

/** `adopt`: makes a copied or restored database this installation's own. */
export const adoptCommand = (cli: Cli): Command =>
  verb({
    usage: "adopt",
    does: "Let this database mail people, after it was copied, restored or moved here.",
    examples: ["adopt --discard-waiting", "adopt --join   # a further machine of the same installation"],
  })
    .option("--join", "this machine shares the work of the installation that the database belongs to")
    .option("--send-waiting", "what waits in it, and what has come due since, is still owed: it goes out")
    .option("--discard-waiting", "that may have been sent already: it doesn't go out")
    .action((options: AdoptOptions, command: Command) =>
      cli.run(command, (common) => withApp(cli, { common, reach: "rows" }, (app) => adopt(app, options, cli))),
    );

const adopt = async (app: App, options: AdoptOptions, { say }: Cli): Promise<ExitCode> => {
  const { join = false } = options;
  if (app.installation.refusal() === null) {
    say.good("The database is this installation's own already; nothing was changed.");
    return 0;
  }
  const by = operator();
  const ask = { join, waiting: choiceOf(options), by };
  const { id, waiting, mornings } = await adoptIt(ask, adoptingParts(app, by));
  say.good(join ? `This machine belongs to installation ${id} now.` : `Adopted; its id is ${id} now.`);
  if (!join) say.line("Whoever had this database before mails nobody from now on.");
  if (waiting > 0) say.line(`${counted(waiting, "email")} ${wordsOf(options)}.`);
  if (mornings > 0 && !join) say.line(`${counted(mornings, "time")} that had come: ${morningWordsOf(options)}.`);
  return 0;
};

const choiceOf = ({ sendWaiting, discardWaiting }: AdoptOptions): AdoptAsk["waiting"] => {
  if (discardWaiting === true) return "discard";
  return sendWaiting === true ? "send" : null;
};

const wordsOf = ({ discardWaiting }: AdoptOptions): string =>
  discardWaiting === true ? "discarded" : "may go out now";

const morningWordsOf = ({ discardWaiting }: AdoptOptions): string =>
  discardWaiting === true ? "skipped" : "made up for as far as the schedule says";

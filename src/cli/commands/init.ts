import { join } from "node:path";
import type { Command } from "commander";
import { type Answers, type FirstSignIn, firstFiles, slugOf } from "#actions/first-files.ts";
import { configChecks } from "#app.ts";
import { makePreview, writeAll } from "#cli/commands/preview.ts";
import { mayWrite, openInBrowser, provisionalConfig, writeFiles } from "#cli/init/files.ts";
import type { InitOptions } from "#cli/init/options.ts";
import {
  askedAnew,
  askFilter,
  askMailbox,
  askServer,
  askSignIn,
  askTime,
  askView,
  type OfferedView,
  type Questions,
} from "#cli/init/questions.ts";
import { openLook } from "#cli/look.ts";
import { configOf, openKept, openToolsKept, quietly } from "#cli/open.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";
import type { Config } from "#config/config.ts";
import { Fault, isFault } from "#model/fault.ts";

/** `init`: from an address to one's own first email. */
export const initCommand = (cli: Cli): Command =>
  verb({
    usage: "init",
    does: "Make a first configuration: asks for your report server and draws your first email.",
    examples: [
      "init",
      `init --server https://bi.example.com --user daybreak \\
    --password-from BI_PASSWORD --to me@example.com \\
    --view Sales/Daily --filter Region=North --yes`,
    ],
    attention: "written, but the first email says that something needs a look",
  })
    .option("--server <url>", "address of the report server")
    .option("--user <name>", "who signs in there")
    .option("--password-from <variable>", "the environment variable that holds the password")
    .option("--token-from <variable>", "the environment variable that holds a token, instead of a user")
    .option("--to <mailbox>", "your own mailbox")
    .option("--view <path>", "the view to send")
    .option("--filter <name=value>", "the filter by which people differ, with your own value")
    .option("--at <schedule>", "when: weekdays 07:00, mondays 06:30, or cron")
    .option("--yes", "ask nothing; what isn't given takes its default")
    .option("--force", "write over files that are there")
    .action((options: InitOptions, command: Command) => cli.run(command, (common) => init(cli, common, options)));

const init = async (cli: Cli, common: Common, options: InitOptions): Promise<ExitCode> => {
  await mayWrite(cli, options);
  const questions: Questions = { options, env: cli.terminal.env, asker: options.yes ? null : cli.terminal.asker };
  const { answers } = await answer(questions, cli, common);
  await writeFiles(cli, firstFiles(answers));
  // The new files are what counts from here on, whatever the environment names.
  const here: Common = { ...common, config: join(cli.terminal.cwd, "daybreak.yaml") };
  const code = await firstEmail(cli, here, answers);
  tellNext(cli, answers);
  return code;
};

const answer = async (questions: Questions, cli: Cli, common: Common): Promise<{ readonly answers: Answers }> => {
  const trying: Trying = { cli, common };
  const { server, kind } = await findServer(questions, trying);
  const { signIn, config, views } = await enter({ server, kind }, questions, trying);
  const view = await askView(questions, views);
  const filter = await askFilter(questions, view);
  const at = await askTime(questions, mistakeInTime);
  const mailbox = await askMailbox(questions);
  const { path, title } = view;
  return {
    answers: {
      server,
      kind,
      signIn,
      view: path,
      title: title === "" ? path : title,
      filter,
      at,
      zone: config.zone,
      mailbox,
    },
  };
};

interface Trying {
  readonly cli: Cli;
  readonly common: Common;
}

/** Asks for the address until something answers there; the cause is shown, and nothing else is asked anew. */
const findServer = async (questions: Questions, trying: Trying): Promise<{ server: string; kind: string }> => {
  const { cli, common } = trying;
  const server = await askServer(questions);
  try {
    const { kind, evidence } = await kindOf(server, cli, common);
    cli.say.good(`It is ${kind === "web" ? "a web page" : kind}: ${evidence}`);
    return { server, kind };
  } catch (error) {
    if (questions.asker === null || !isFault(error, "server.unreachable")) throw error;
    cli.say.warn(error.message);
    if (server.startsWith("https:")) cli.say.line("  → Has it no TLS? Then write http:// before the address.");
    return findServer(askedAnew(questions, "server"), trying);
  }
};

interface Entered {
  readonly signIn: FirstSignIn;
  readonly config: Config;
  readonly views: readonly OfferedView[];
}

/** Asks how to sign in until the server takes it. */
const enter = async (
  found: { readonly server: string; readonly kind: string },
  questions: Questions,
  trying: Trying,
): Promise<Entered> => {
  const { cli, common } = trying;
  const signIn = await askSignIn(questions);
  const config = await provisionalConfig(cli, { ...found, signIn });
  try {
    const views = await viewsOf(config, cli, common);
    const entered = signIn.via === "none" ? "It can be seen without a sign-in" : "Signed in";
    cli.say.good(views.length === 0 ? `${entered}.` : `${entered}; it shows ${counted(views.length, "view")}.`);
    return { signIn, config, views };
  } catch (error) {
    if (!isFault(error, "server.signin")) throw error;
    if (questions.asker === null) throw namingTheVariable(error, questions.options);
    cli.say.warn(error.message);
    return enter(found, askedAnew(questions, "user", "passwordFrom", "tokenFrom"), trying);
  }
};

/** There is no configuration yet whose variables could be looked at; the one on the command line is meant. */
const namingTheVariable = (fault: Fault, { passwordFrom, tokenFrom }: InitOptions): Fault => {
  const said = passwordFrom === undefined ? "--token-from" : "--password-from";
  const variable = passwordFrom ?? tokenFrom;
  const hint =
    variable === undefined
      ? "it wants a sign-in: say --user NAME --password-from VARIABLE, or --token-from VARIABLE"
      : `check --user, and the variable ${variable}, which ${said} names`;
  return new Fault(fault.code, fault.message, { hint, cause: fault });
};

const mistakeInTime = (at: string): string | undefined => {
  const read = configChecks.checkSchedule(at);
  return "mistake" in read ? read.mistake : undefined;
};

/** The tools of a configuration that has no server yet can ask any address what it is. */
const kindOf = async (server: string, cli: Cli, common: Common) => {
  const config = await provisionalConfig(cli, { server, kind: "web", signIn: { via: "none" } });
  await using tools = await openToolsKept(cli, config, quietly(cli, common));
  return await tools.examineServer(server);
};

const viewsOf = async (config: Config, cli: Cli, common: Common): Promise<readonly OfferedView[]> => {
  await using tools = await openToolsKept(cli, config, quietly(cli, common));
  const look = openLook(tools, cli);
  try {
    cli.terminal.status("Signing in …");
    return await look.views("main");
  } finally {
    cli.terminal.status(null);
    await look.close();
  }
};

/** Draws and writes one's own email for real, and shows it. */
const firstEmail = async (cli: Cli, common: Common, { title, mailbox }: Answers): Promise<ExitCode> => {
  const config = await configOf(cli, common);
  await using app = await openKept(cli, config, quietly(cli, common));
  cli.terminal.status("Drawing your first email …");
  const made = await makePreview(app, { cli, report: slugOf(title), as: mailbox.email });
  const folder = join(config.home, "first-email");
  const code = await writeAll(made, { cli, folder });
  const page = join(folder, "email.html");
  if (made.written.length === 0) return code;
  cli.say.line(openInBrowser(cli, page) ? "It opens in your browser." : `Look at it in your browser: ${page}`);
  return code;
};

const tellNext = ({ say }: Cli, { title }: Answers): void => {
  const report = slugOf(title);
  say.line();
  say.line("Next:");
  say.table(
    ["", ""],
    [
      ["daybreak check", "judges everything, each row of people.csv included"],
      [`daybreak plan ${report}`, "shows who gets what, and when"],
      ["daybreak start", "runs; in trial all mail goes into .daybreak/outbox"],
      [`daybreak live ${report}`, "sends to your audience, once mail.via names your mail server"],
    ],
  );
};

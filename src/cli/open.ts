import { userInfo } from "node:os";
import { type App, type AppOptions, configChecks, logAt, openApp, openTools, type Tools } from "#app.ts";
import type { Cli, Common, ExitCode } from "#cli/verb.ts";
import type { Config } from "#config/config.ts";
import { type LoadOptions, loadConfig } from "#config/load.ts";

/** Where a command's configuration is loaded from. */
export const loadOptions = ({ terminal }: Cli, { config }: Pick<Common, "config">): LoadOptions => ({
  file: config,
  env: terminal.env,
  cwd: terminal.cwd,
  ...configChecks,
});

/** The configuration of a command. */
export const configOf = (cli: Cli, common: Common): Promise<Config> => loadConfig(loadOptions(cli, common));

/** Who gives the command, for records: `cli:anna`. */
export const operator = (): string => `cli:${userInfo().username}`;

const levels = ["debug", "info", "warn", "error", "silent"] as const;

/** The log of a daemon, at the level that the environment names: `DAYBREAK_LOG=warn`. */
export const daemonLog = ({ terminal }: Cli): ReturnType<typeof logAt> =>
  logAt(levels.find((level) => level === terminal.env["DAYBREAK_LOG"]) ?? "info");

/** How a command opens the app: quiet, unless it was asked to tell what happens on the way. */
export const quietly = ({ terminal, say }: Cli, { verbose }: Common): AppOptions => ({
  log: logAt(verbose ? "info" : "silent"),
  onProgress: (words) => {
    if (terminal.columns === null) say.note(`${words} …`);
    else terminal.status(say.paint("dim", `${words} …`));
  },
});

/** Opens the app for a command and closes it again, whatever happens. */
export const withApp = async (
  cli: Cli,
  { common, reach }: { readonly common: Common; readonly reach: NonNullable<AppOptions["reach"]> },
  work: (app: App) => Promise<ExitCode>,
): Promise<ExitCode> => {
  const config = await configOf(cli, common);
  await using app = await openApp(config, { ...quietly(cli, common), reach });
  cli.terminal.status(null);
  return await work(app);
};

/** Opens what needs no database for a command, and closes it again. */
export const withTools = async (
  cli: Cli,
  common: Common,
  work: (tools: Tools) => Promise<ExitCode>,
): Promise<ExitCode> => {
  const config = await configOf(cli, common);
  await using tools = openTools(config, quietly(cli, common));
  return await work(tools);
};

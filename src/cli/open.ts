import { userInfo } from "node:os";
import { openDatabase } from "#app/database.ts";
import { openDaemonLog } from "#app/log.ts";
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

/**
 * The log of a daemon, at the level that the environment names: `DAYBREAK_LOG=warn`; `DAYBREAK_LOG_FORMAT=json` at a terminal, too;
 * `DAYBREAK_LOG_ADDRESSES=full` for addresses that aren't masked.
 */
export const daemonLog = ({ terminal: { env } }: Cli): ReturnType<typeof openDaemonLog> =>
  openDaemonLog({
    level: levels.find((level) => level === env["DAYBREAK_LOG"]) ?? "info",
    format: env["DAYBREAK_LOG_FORMAT"] === "json" ? "json" : "fitting",
    maskAddresses: env["DAYBREAK_LOG_ADDRESSES"] !== "full",
  });

/** How a command opens the app: quiet, unless it was asked to tell what happens on the way. */
export const quietly = ({ terminal, say }: Cli, { verbose }: Common): AppOptions => ({
  log: logAt(verbose ? "info" : "silent"),
  onProgress: (words) => {
    if (terminal.columns === null) say.note(`${words} …`);
    else terminal.status(say.paint("dim", `${words} …`));
  },
});

/** Whoever closes it second waits for the first one, too: the process must not end before that. */
const closedOnce = <T extends AsyncDisposable>(opened: T): T => {
  let closing: PromiseLike<void> | null = null;
  const close = (): PromiseLike<void> => {
    closing ??= opened[Symbol.asyncDispose]();
    return closing;
  };
  return { ...opened, [Symbol.asyncDispose]: close };
};

const keepOpen = async <T extends AsyncDisposable>(cli: Cli, opening: Promise<T>): Promise<T> =>
  cli.keep(opening.then(closedOnce), async (opened) => opened[Symbol.asyncDispose]());

/** Opens the app so that Ctrl-C closes it, too; who calls closes it in every other case. */
export const openKept = (cli: Cli, config: Config, options: AppOptions): Promise<App> =>
  keepOpen(cli, openApp(config, options));

/** Opens what needs no database, closed like `openKept`. */
export const openToolsKept = (cli: Cli, config: Config, options: AppOptions): Promise<Tools> =>
  keepOpen(cli, Promise.resolve(openTools(config, options)));

/** The database alone, closed like `openKept`. */
export const openDatabaseKept = (cli: Cli, tools: Tools): Promise<OpenDatabase> => keepOpen(cli, openAlone(tools));

type OpenDatabase = Awaited<ReturnType<typeof openDatabase>> & AsyncDisposable;

const openAlone = async (tools: Tools): Promise<OpenDatabase> => {
  await using stack = new AsyncDisposableStack();
  const opened = await openDatabase(tools, stack);
  const owned = stack.move();
  return { ...opened, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

/** Opens the app for a command and closes it again, whatever happens. */
export const withApp = async (
  cli: Cli,
  { common, reach }: { readonly common: Common; readonly reach: NonNullable<AppOptions["reach"]> },
  work: (app: App) => Promise<ExitCode>,
): Promise<ExitCode> => {
  const config = await configOf(cli, common);
  await using app = await openKept(cli, config, { ...quietly(cli, common), reach });
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
  await using tools = await openToolsKept(cli, config, quietly(cli, common));
  return await work(tools);
};

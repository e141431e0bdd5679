import { type Stats, unwatchFile, watchFile } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { stopsInWords } from "#actions/stop.ts";
import { tablesIn } from "#actions/tables.ts";
import { schedulesAhead } from "#actions/upcoming.ts";
import { type Answers, openHttp, openOwnMetrics, webOf } from "#app/http.ts";
import { keepMemorySmall } from "#app/memory.ts";
import { raiseBrokenReload, recoverBrokenReload } from "#app/reload.ts";
import { type App, openApp, type Work } from "#app.ts";
import { scheduleParts } from "#cli/ahead.ts";
import { configOf, daemonLog, quietly } from "#cli/open.ts";
import type { Cell } from "#cli/table.ts";
import type { Signal } from "#cli/terminal.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { aheadInWords, timeInWords } from "#cli/words.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import { msBetween } from "#model/time.ts";

/** What a daemon does; all by default. */
const roles = ["tick", "render", "send", "backup"] as const;
type StartRole = (typeof roles)[number];

/** `start`: the daemon. */
export const startCommand = (cli: Cli): Command =>
  verb({
    usage: "start",
    does: "Run: make reports when they are due, draw, prove, write and send them. Ctrl-C ends it tidily.",
    examples: ["start", "start --roles render", "start --roles backup", "start 2>> daybreak.log"],
    more: [
      "A changed configuration or .env is read again by itself; elsewhere than at a terminal, kill -HUP <pid> asks for it.",
      "DAYBREAK_LOG=warn tells less; DAYBREAK_LOG_FORMAT=json writes JSON lines at a terminal, too; DAYBREAK_LOG_ADDRESSES=full masks no addresses.",
    ],
  })
    .option("--roles <roles>", `only some of: ${roles.join(", ")}`, rolesOf, roles)
    .action(({ roles: wanted }: { roles: readonly StartRole[] }, command: Command) =>
      cli.run(command, (common) => start(cli, common, wanted)),
    );

const rolesOf = (text: string): readonly StartRole[] => {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const odd = words.find((word) => !roles.some((role) => role === word));
  if (odd !== undefined) throw new InvalidArgumentError(`“${odd}” is none of ${roles.join(", ")}.`);
  if (words.length === 0) throw new InvalidArgumentError(`Name some of ${roles.join(", ")}.`);
  return roles.filter((role) => words.includes(role));
};

/** One configuration at work. */
interface Running extends AsyncDisposable {
  readonly app: App;
  readonly work: Work;
  readonly web: NonNullable<Answers["fetch"]>;
}

const start = async (cli: Cli, common: Common, wanted: readonly StartRole[]): Promise<ExitCode> => {
  keepMemorySmall(wanted);
  const log = daemonLog(cli);
  const metrics = openOwnMetrics();
  const open = (): Promise<Running> => run(cli, common, { wanted, log, metrics });
  const stopped = waitForStop(cli);
  let running = await open();
  try {
    cli.terminal.status(null);
    await using _answers = await answer(running.app, () => running);
    await recoverBrokenReload(running.app);
    await tellNext(running.app, cli);
    cli.say.note("Daybreak runs. Ctrl-C ends it: sends are finished, pictures given back.");
    const reloads = onChange(cli, running.app, async () => {
      const next = await reopened(open, running.app);
      if (next === null) return;
      const last = running;
      running = next;
      await last[Symbol.asyncDispose]();
      log.info("daemon.reloaded", { file: next.app.config.file, reports: next.app.config.reports.length });
      await recoverBrokenReload(next.app);
    });
    await stopped.asked;
    await reloads.end();
    cli.say.note("Ending: sends are finished first. Once more ends at once.");
  } finally {
    await running[Symbol.asyncDispose]();
    stopped.done();
  }
  return 0;
};

/** Answers over HTTP where the configuration says so; a changed address counts from the next start. */
const answer = async ({ config, log }: App, now: () => Running): Promise<AsyncDisposable | null> => {
  if (config.http === null) return null;
  const answers: Answers = { loops: () => now().work.loops, fetch: (request) => now().web(request) };
  const http = await openHttp(config.http, answers);
  log.info("http.open", { host: config.http.host, port: http.port });
  return http;
};

interface Daemon {
  readonly wanted: readonly StartRole[];
  readonly log: ReturnType<typeof daemonLog>;
  readonly metrics: ReturnType<typeof openOwnMetrics>;
}

const run = async (cli: Cli, common: Common, { wanted, log, metrics }: Daemon): Promise<Running> => {
  const config = await configOf(cli, common);
  // Workers read from the database what those who plan have published.
  const isPublisher = wanted.includes("tick");
  const app = await openApp(config, { ...quietly(cli, common), log, isPatient: true, isPublisher, roles: wanted });
  // The app's own end stops what is at work.
  const work = app.work({ roles: wanted, occasion: null });
  const web = webOf(app, { metrics, loops: () => work.loops });
  return { app, work, web, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
};

/** A configuration that can't be loaded leaves the last good one at work, and the operators are told. */
const reopened = async (open: () => Promise<Running>, last: App): Promise<Running | null> => {
  try {
    return await open();
  } catch (error) {
    const fault = isFault(error) ? error : unforeseen(error);
    const now = "the last good configuration stays at work";
    last.log.error("daemon.reload-refused", { what: wordsOf(fault), hint: fault.hint, now });
    await raiseBrokenReload(last, fault);
    return null;
  }
};

/** A daemon must not end because of what somebody writes into its configuration, whatever it is. */
const unforeseen = (cause: unknown): Fault =>
  new Fault("config.unreadable", `The configuration could not be taken: ${wordsOf(cause)}`, {
    hint: "look at what was changed last; see: daybreak check",
    cause,
  });

const LOOK_EVERY_MS = 2_000;

/** Calls `reload` after SIGHUP or a change of the configuration or its secrets, never twice at once. */
const onChange = ({ terminal }: Cli, { config, log }: App, reload: () => Promise<void>) => {
  let last = Promise.resolve();
  const ask = (): void => {
    // What fails here (the database is away) must not end a daemon at work; the next change asks again.
    last = last.then(reload).catch((error: unknown) => log.error("daemon.reload-fault", { error }));
  };
  // Whoever watches a file that isn't there is called once, although nothing has changed.
  const look = (now: Stats, before: Stats): void => {
    if (now.ctimeMs !== before.ctimeMs || now.ino !== before.ino) ask();
  };
  const files = [config.file, join(dirname(config.file), ".env")];
  for (const file of files) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, look);
  // At a terminal this signal says that its window was closed; a daemon that nobody sees any more would go on otherwise.
  const off = terminal.columns === null ? terminal.on("SIGHUP", ask) : () => {};
  const end = async (): Promise<void> => {
    off();
    for (const file of files) unwatchFile(file, look);
    await last;
  };
  return { end };
};

/** The first SIGTERM or SIGINT asks for the end, and so does a terminal that is closed; the second one ends the process. */
const waitForStop = ({ terminal }: Cli) => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let isAsked = false;
  const listener = (): void => {
    if (isAsked) terminal.end(130);
    isAsked = true;
    resolve();
  };
  const endings: readonly Signal[] =
    terminal.columns === null ? ["SIGTERM", "SIGINT"] : ["SIGTERM", "SIGINT", "SIGHUP"];
  const offs = endings.map((signal) => terminal.on(signal, listener));
  const done = (): void => {
    for (const off of offs) off();
  };
  return { asked, done };
};

/** What comes next, so that whoever starts it sees that it has understood. A list that can't be read is told, and hides nothing else. */
const tellNext = async (app: App, { say }: Cli): Promise<void> => {
  const refusal = app.installation.refusal();
  if (refusal !== null) say.warn(`${refusal} Adopt it where it should send from now on: daybreak adopt`);
  for (const { target, by, reason } of await stopsInWords(app.pool)) {
    say.warn(`${target.words} is stopped (${by}: ${reason}). Let it go on: daybreak resume ${target.name}`);
  }
  const now = app.clock.now();
  const tables = tablesIn(app.pool);
  const rows: (readonly Cell[])[] = [];
  for (const report of app.config.reports) {
    try {
      const schedules = await schedulesAhead(report, 1, scheduleParts(app, tables));
      const mode = await tables.modeOf(report);
      const slots = schedules.flatMap((one) => one.next.map((slot) => ({ ...slot, words: one.words })));
      for (const { nominal, due, zone, words, reason } of slots) {
        const at = due ?? nominal;
        rows.push([
          report.name,
          timeInWords(at, zone),
          zone,
          aheadInWords(msBetween(now, at)),
          words,
          mode === "live" ? "live" : "trial",
          reason ?? "",
        ]);
      }
    } catch (error) {
      if (!isFault(error)) throw error;
      say.warn(`${report.name}: ${error.message}`);
    }
  }
  say.table(["report", "next", "zone", "", "schedule", "mode", "note"], rows);
};

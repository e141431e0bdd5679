/**
 * `npm run demo`: one morning at once, over a report server of its own, into the outbox; then it stays up as the daemon.
 * `npm run demo -- --once` ends after that morning.
 */
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { changeMode } from "#actions/live.ts";
import { type App, configChecks, openApp } from "#app.ts";
import { sayFault } from "#cli/say.ts";
import { openTerminal, type Terminal } from "#cli/terminal.ts";
import { loadConfig } from "#config/load.ts";
import { openLog, silentLog } from "#runtime/log.ts";
import { startEmbedded } from "#store/embedded.ts";
import { backUp } from "./archives.ts";
import { liveThrough } from "./morning.ts";
import { editByHand, makeCompany } from "./people.ts";
import { type SampleServer, startSampleServer } from "./server/server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const home = fileURLToPath(new URL("../.daybreak", import.meta.url));
const configuration = fileURLToPath(new URL("../config/demo.yaml", import.meta.url));
/** Where the configuration finds its addresses when a command is given in another window. */
const variables = fileURLToPath(new URL("../config/.env", import.meta.url));

/** A port that links in the emails keep from one demo to the next, where it is free. */
const usualPort = 8088;

const freePort = (wanted: number): Promise<number> =>
  new Promise((done) => {
    const probe = createServer();
    probe.once("error", () => done(0));
    probe.listen(wanted, "127.0.0.1", () => probe.close(() => done(wanted)));
  });

/** The view narrowed to tableware ignores its filters: somebody would get everybody's figures, were it not for the proof. */
const openSample = async (): Promise<SampleServer> => {
  const sample = await startSampleServer({ port: await freePort(usualPort) });
  sample.misbehave({ kind: "filter-ignored", when: { Category: ["Tableware"] } });
  return sample;
};

const openDemo = async (
  stack: AsyncDisposableStack,
  terminal: Terminal,
): Promise<{ app: App; sample: SampleServer }> => {
  const onProgress = (words: string) => {
    terminal.status(null);
    terminal.err(`  ${words} …\n`);
  };
  const sample = stack.use(await openSample());
  const postgres = stack.use(await startEmbedded({ dir: `${home}/postgres`, log: silentLog, onProgress }));
  await keepVariables({
    DEMO_SERVER_URL: sample.url,
    DEMO_COMPANY_URL: postgres.url,
    DAYBREAK_USER: sample.user,
    DAYBREAK_PASSWORD: sample.password,
  });
  const config = await loadConfig({ file: configuration, env: process.env, cwd: root, ...configChecks });
  const log = openLog({ level: "info", file: `${home}/demo.log`, maskAddresses: false });
  const app = stack.use(await openApp(config, { log, onProgress }));
  return { app, sample };
};

/** Written anew each time, since the mode of a file that is there would stay as it is. */
const keepVariables = async (values: Readonly<Record<string, string>>): Promise<void> => {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  await rm(variables, { force: true });
  await writeFile(variables, lines.join(""), { mode: 0o600 });
};

const prepare = async (app: App): Promise<void> => {
  await makeCompany(app.pool);
  for (const report of app.config.reports) {
    await app.parts.readLists(report);
    await changeMode({ report: report.name, mode: "live", by: "demo" }, app);
  }
  await editByHand(app.pool);
};

/** The first Ctrl-C ends the demo tidily, wherever it is; the second one at once. */
const listen = (terminal: Terminal): AbortSignal => {
  const ending = new AbortController();
  const listener = (): void => {
    if (ending.signal.aborted) terminal.end(cutOff);
    ending.abort();
    terminal.status(null);
    terminal.err("\nEnding: browsers and database are being closed. Ctrl-C once more ends at once.\n");
  };
  terminal.on("SIGINT", listener);
  terminal.on("SIGTERM", listener);
  return ending.signal;
};

const cutOff = 130;

const untilEnded = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });

const main = async (terminal: Terminal, signal: AbortSignal): Promise<number> => {
  const { values } = parseArgs({ options: { once: { type: "boolean", default: false } } });
  await using stack = new AsyncDisposableStack();
  terminal.err("Daybreak lives through one morning.\n");
  const { app, sample } = await openDemo(stack, terminal);
  if (!signal.aborted) await prepare(app);
  const isSent = await liveThrough(app, terminal, signal);
  const isFine = !signal.aborted && (await backUp(app, terminal, signal)) && isSent;
  if (signal.aborted) return cutOff;
  if (values.once) return isFine ? 0 : 1;
  // The app's own end stops what is at work.
  app.work({ roles: ["tick", "render", "write", "send", "backup"], occasion: null });
  terminal.out(`\nThe report server is at ${sample.url} (sign in as ${sample.user}, ${sample.password}).\n`);
  terminal.out("Daybreak stays up and keeps its schedules; Ctrl-C ends it.\n");
  await untilEnded(signal);
  return 0;
};

const terminal = openTerminal(process.env);
const signal = listen(terminal);
try {
  process.exitCode = await main(terminal, signal);
} catch (error) {
  // A terminal's Ctrl-C also reaches the program that makes the database; what it says of that is no fault.
  if (!signal.aborted) sayFault(terminal, error);
  process.exitCode = signal.aborted ? cutOff : 1;
}

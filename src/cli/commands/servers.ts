import type { Command } from "commander";
import { type KnownServer, listServers, pause, resume } from "#actions/servers.ts";
import { operator, withApp } from "#cli/open.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { counted, timeInWords } from "#cli/words.ts";
import { Fault } from "#model/fault.ts";
import { before, type Temporal } from "#model/time.ts";
import { readUntil } from "#model/until.ts";

/** `servers list|pause|resume`. */
export const serversCommand = (cli: Cli): Command =>
  verb({
    usage: "servers",
    does: "Look at the report servers, and let one rest: what is to be drawn there waits meanwhile.",
    examples: ["servers list", "servers pause main --until 08:30", "servers resume main"],
  })
    .addCommand(listCommand(cli))
    .addCommand(pauseCommand(cli))
    .addCommand(resumeCommand(cli));

const listCommand = (cli: Cli): Command =>
  verb({
    usage: "list",
    does: "List the report servers with what is drawn there now, what waits, and pauses.",
    examples: ["servers list", "servers list --json"],
    json: true,
  }).action((_: unknown, command: Command) =>
    cli.run(command, (common) =>
      withApp(cli, { common, reach: "rows" }, async ({ pool, clock, config }) => {
        const servers = await listServers(pool);
        if (common.json) cli.say.json(servers);
        else if (servers.length === 0) cli.say.line("There are none yet; a daemon makes them known.");
        else cli.say.table(titles, rowsOf(servers, clock.now(), config.zone));
        return 0;
      }),
    ),
  );

const titles = ["server", "state", "until", "by", "at a time", "drawing", "waiting"];

const rowsOf = (servers: readonly KnownServer[], now: Temporal.Instant, zone: string): readonly (readonly Cell[])[] =>
  servers.map(({ name, concurrency, drawing, wanted, pausedUntil, pausedBy }) => {
    const counts = [String(concurrency), String(drawing), String(wanted)];
    if (pausedUntil === null || !before(now, pausedUntil))
      return [name, { text: "in use", tone: "good" }, "", "", ...counts];
    return [name, { text: "paused", tone: "warn" }, timeInWords(pausedUntil, zone), pausedBy ?? "", ...counts];
  });

const pauseCommand = (cli: Cli): Command =>
  verb({
    usage: "pause <server>",
    does: "Let a report server rest: nothing is drawn there until a time. What is being drawn is finished.",
    examples: [
      "servers pause main --until 08:30",
      'servers pause main --until "2026-11-23 06:00"',
      "servers pause main --until 2h",
    ],
  })
    .requiredOption("--until <time>", "08:30, 2026-11-23 06:00, or from now on: 90m, 2h, 1d")
    .action((name: string, { until: text }: { until: string }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async ({ pool, clock, config }) => {
          const until = timeFrom(text, clock.now(), config.zone);
          const { wanted } = await pause({ name, until, by: operator() }, pool);
          const end = `${timeInWords(until, config.zone)} (${config.zone})`;
          cli.say.good(
            `“${name}” rests until ${end}; ${counted(wanted, "drawing waits", "drawings wait")} for it now.`,
          );
          cli.say.line("What expires meanwhile is not sent. To take it back: daybreak servers resume");
          return 0;
        }),
      ),
    );

const timeFrom = (text: string, now: Temporal.Instant, zone: string): Temporal.Instant => {
  const until = readUntil(text, now, zone);
  if (until !== null) return until;
  const hint = "write 08:30, 2026-11-23 06:00, or from now on 90m, 2h, 1d";
  throw new Fault("usage", `“${text}” is no time to come.`, { hint });
};

const resumeCommand = (cli: Cli): Command =>
  verb({
    usage: "resume <server>",
    does: "Take a report server that rests back into use.",
    examples: ["servers resume main"],
  }).action((name: string, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withApp(cli, { common, reach: "rows" }, async ({ pool }) => {
        if (await resume({ name, by: operator() }, pool)) cli.say.good(`“${name}” is in use again.`);
        else cli.say.line(`“${name}” wasn't paused.`);
        return 0;
      }),
    ),
  );

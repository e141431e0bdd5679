import type { Command } from "commander";
import { inWords, resume, stop } from "#actions/stop.ts";
import { operator, withApp } from "#cli/open.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";

/** `stop <slot-or-report>`: the kill switch. */
export const stopCommand = (cli: Cli): Command =>
  verb({
    usage: "stop <slot-or-report>",
    does: "Stop a slot or a whole report, also in the middle of it: nothing further of it is drawn, written or sent.",
    examples: ['stop 42 --reason "yesterday\'s figures"', 'stop daily-sales --reason "wrong rates"'],
    json: true,
  })
    .option("--reason <words>", "why; it is kept", "stopped by hand")
    .action((target: string, { reason }: { reason: string }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async (app) => {
          const stopped = await stop({ target, reason, by: operator() }, app);
          if (common.json) {
            cli.say.json(stopped);
            return 0;
          }
          const { drawing, writing, sending } = stopped.inFlight;
          cli.say.good(`${inWords(stopped.target)} is stopped; ${counted(stopped.deliveries, "email")} held back.`);
          const ends = [counted(drawing, "picture"), counted(writing, "text"), counted(sending, "email")];
          if (drawing + writing + sending > 0)
            cli.say.warn(
              `Under way at that moment, and finished: ${ends.join(", ")}. Of these only the emails go out.`,
            );
          cli.say.line(`Let it go on: daybreak resume ${target}. What expires meanwhile is not sent.`);
          return 0;
        }),
      ),
    );

/** `resume <slot-or-report>`: lets go on what was stopped. */
export const resumeCommand = (cli: Cli): Command =>
  verb({
    usage: "resume <slot-or-report>",
    does: "Let a slot or a report go on that was stopped.",
    examples: ["resume 42", "resume daily-sales"],
  }).action((target: string, _: unknown, command: Command) => letGo(cli, target, command));

const letGo = (cli: Cli, target: string, command: Command): Promise<void> =>
  cli.run(command, (common) =>
    withApp(cli, { common, reach: "rows" }, async (app) => {
      const resumed = await resume({ target, by: operator() }, app);
      cli.say.good(`${inWords(resumed.target)} goes on, with ${counted(resumed.deliveries, "email")}.`);
      return 0;
    }),
  );

/** `slots resume <id>`: the same for one slot, where its other verbs are. */
export const resumeSlotCommand = (cli: Cli): Command =>
  verb({
    usage: "resume <id>",
    does: "Let a slot go on that was stopped.",
    examples: ["slots resume 42"],
  }).action((id: string, _: unknown, command: Command) => letGo(cli, id, command));

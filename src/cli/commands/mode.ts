import type { Command } from "commander";
import { changeMode } from "#actions/live.ts";
import { outboxOf } from "#app/mail.ts";
import { operator, withApp } from "#cli/open.ts";
import { type Cli, verb } from "#cli/verb.ts";

/** `live <report>`: from now on its mail goes to its audience. */
export const liveCommand = (cli: Cli): Command =>
  verb({
    usage: "live <report>",
    does: "Send a report to its audience from its next time on; until then it is in trial.",
    examples: ["live daily-sales"],
  }).action((report: string, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withApp(cli, { common, reach: "reports" }, async (app) => {
        const { before } = await changeMode({ report, mode: "live", by: operator() }, app);
        if (before === "live") cli.say.line(`“${report}” is live already.`);
        else cli.say.good(`“${report}” is live: from its next time on its mail goes to its audience.`);
        if (app.config.mail.via.kind === "folder")
          cli.say.warn(`No mail server is set (mail.via), so mail still lies in ${outboxOf(app.config)}.`);
        return 0;
      }),
    ),
  );

/** `trial <report>`: its mail goes to the outbox only. */
export const trialCommand = (cli: Cli): Command =>
  verb({
    usage: "trial <report>",
    does: "Put a report back into trial: its mail goes to the outbox only.",
    examples: ["trial daily-sales"],
  }).action((report: string, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withApp(cli, { common, reach: "reports" }, async (app) => {
        const { before } = await changeMode({ report, mode: "trial", by: operator() }, app);
        if (before === "trial") cli.say.line(`“${report}” is in trial already.`);
        else cli.say.good(`“${report}” is in trial: its mail goes to ${outboxOf(app.config)}.`);
        return 0;
      }),
    ),
  );

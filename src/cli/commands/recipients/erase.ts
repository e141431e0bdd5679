import type { Command } from "commander";
import { type Erased, erasePerson, whoToErase } from "#actions/erase.ts";
import { erasureOf } from "#app/erase.ts";
import type { App } from "#app.ts";
import { operator, withApp } from "#cli/open.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";
import { Fault } from "#model/fault.ts";
import type { Recipient } from "#model/people.ts";

/** `recipients erase`. */
export const recipientsEraseCommand = (cli: Cli): Command =>
  verb({
    usage: "erase <key>",
    does: "Forget a person: rows, records, stored emails and pictures. It can't be undone.",
    examples: ["recipients erase anna@example.com --dry-run", "recipients erase anna@example.com"],
    attention: "erased, but a list still names the person",
    json: true,
  })
    .option("--dry-run", "only tell what would be erased, and what would be left")
    .option("--yes", "don't ask")
    .action((key: string, options: EraseOptions, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, (app) => erase(app, { cli, common, key, options })),
      ),
    );

interface EraseOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

interface EraseJob {
  readonly cli: Cli;
  readonly common: Common;
  readonly key: string;
  readonly options: EraseOptions;
}

const erase = async (app: App, { cli, common, key, options }: EraseJob): Promise<ExitCode> => {
  const { yes = false, dryRun: isRehearsal = false } = options;
  const recipient = await whoToErase(key, app.pool);
  const who = nameOf(recipient);
  if (!isRehearsal && !yes && !(await mayErase(who, cli))) return 0;
  const { pool, clock } = app;
  const erased = await erasePerson({ recipient, by: operator(), isRehearsal }, { pool, clock, ...erasureOf(app) });
  if (common.json) cli.say.json({ isDone: !isRehearsal, ...withoutName(erased) });
  else tell(erased, { who, isRehearsal, cli });
  return erased.lists.length > 0 ? 3 : 0;
};

const nameOf = ({ name, key }: Recipient): string => (name === "" ? key : `${name} (${key})`);

/** What is kept of the command's output mustn't keep the person. */
const withoutName = ({ recipient, ...counts }: Erased) => ({ recipient: recipient.id, ...counts });

interface Told {
  readonly who: string;
  readonly isRehearsal: boolean;
  readonly cli: Cli;
}

const tell = (erased: Erased, { who, isRehearsal, cli: { say } }: Told): void => {
  const { deliveries, ended, messages, pictures, subscriptions, suppressed, mentions, files } = erased;
  if (isRehearsal) say.line(`${who} would be erased; nothing was changed.`);
  else say.good(`${who} is erased.`);
  const counts: readonly (readonly [number, string])[] = [
    [deliveries, `${counted(deliveries, "email")} on record, ${ended} of them on the way and ended`],
    [messages, counted(messages, "stored email")],
    [pictures, `${counted(pictures, "stored picture")} and files that nobody else waits for`],
    [files, `${counted(files, "file")} in the outbox`],
    [subscriptions, `${counted(subscriptions, "subscription")}, groups and copies`],
    [
      suppressed,
      `${counted(suppressed, "suppressed address", "suppressed addresses")}: a hash is kept, so that they stay suppressed`,
    ],
    [mentions, `${counted(mentions, "mention")} in records of changes, alerts, lists and other people's emails`],
  ];
  for (const [count, words] of counts) if (count > 0) say.line(`  ${words}`);
  say.line(isRehearsal ? "What would be left:" : "What is left:");
  for (const sentence of erased.left) say.line(`  ${sentence}`);
};

const mayErase = async (who: string, { terminal, say }: Cli): Promise<boolean> => {
  if (terminal.asker === null)
    throw new Fault("usage", `Erasing ${who} can't be undone.`, {
      hint: "look first: --dry-run; if it is meant, say --yes",
    });
  const agreed = await terminal.asker.yes(`Erase ${who}? It can't be undone.`, false);
  if (!agreed) say.line("Nothing was erased.");
  return agreed;
};

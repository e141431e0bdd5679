import type { Command } from "commander";
import { type BackupStatus, statusOf } from "#actions/backup-status.ts";
import { chosen, spanInWords, withBackups } from "#cli/backups.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { counted, sizeInWords, timeInWords } from "#cli/words.ts";
import { msBetween, type Temporal } from "#model/time.ts";

/** `backup status [name]`. */
export const statusCommand = (cli: Cli): Command =>
  verb({
    usage: "status [name]",
    does: "Tell in one screen how backups stand: the newest verified archive, how long a restore takes, what is kept and what is wrong.",
    examples: ["backup status", "backup status tableau --json"],
    attention: "something is wrong",
    json: true,
  }).action((name: string | undefined, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withBackups(cli, common, async ({ app, backups }) => {
        const asked = chosen(name, backups);
        const all = await Promise.all(asked.map((backup) => statusOf(backup, app.backups)));
        if (common.json) cli.say.json(all);
        else tellAll(cli, all, app.clock.now());
        return all.some(({ wrong }) => wrong.length > 0) ? 3 : 0;
      }),
    ),
  );

const tellAll = (cli: Cli, all: readonly BackupStatus[], now: Temporal.Instant): void => {
  if (all.length === 0) cli.say.line("The configuration has no backups.");
  for (const status of all) tell(cli, status, now);
};

const tell = ({ say }: Cli, status: BackupStatus, now: Temporal.Instant): void => {
  say.heading(status.name);
  const rows: (readonly [string, Cell])[] = [
    ["to", `${status.place}${status.host === null ? "" : `, made on ${status.host}`}`],
    ["when", `${status.schedule} (${status.zone})`],
    ["newest", newestCell(status)],
    ["now", nowWords(status)],
    ["restore", restoreWords(status, now)],
    ["policy", status.retention],
    ["kept", keptWords(status)],
    ["next", status.going === 0 ? "" : `${counted(status.going, "archive")} would go at the next removal`],
  ];
  say.table(
    ["", ""],
    rows.filter(([, cell]) => cell !== "").map(([label, cell]) => [{ text: `  ${label}`, tone: "dim" }, cell]),
  );
  if (status.wrong.length === 0) say.good("nothing is wrong");
  for (const words of status.wrong) say.warn(words);
  say.line();
};

const newestCell = ({ newest, newestAgeMs, zone }: BackupStatus): Cell => {
  if (newest === null || newestAgeMs === null) return { text: "none is verified", tone: "bad" };
  const age = spanInWords(newestAgeMs);
  return `${newest.key}, ${sizeInWords(newest.bytes)}, verified, of ${timeInWords(newest.madeAt, zone)} (${age} ago)`;
};

const nowWords = ({ running }: BackupStatus): string => {
  if (running === null) return "";
  return `the run of ${running.date} is ${running.state}${running.reason === null ? "" : `: ${running.reason}`}`;
};

const restoreWords = ({ restore, lastDrill }: BackupStatus, now: Temporal.Instant): Cell => {
  if (restore === null)
    return { text: lastDrill === null ? "never rehearsed" : "no rehearsal went well yet", tone: "warn" };
  const bytes = restore.bytes === null ? "" : ` for ${sizeInWords(restore.bytes)}`;
  return `${spanInWords(restore.durationMs)}${bytes}, rehearsed ${spanInWords(msBetween(restore.at, now))} ago`;
};

const ruleWords: Readonly<Record<keyof Required<BackupStatus["kept"]>, string>> = {
  ...{ daily: "daily", weekly: "weekly", monthly: "monthly", newest: "among the newest", "this-run": "made just now" },
  ...{ pinned: "pinned", locked: "locked", young: "young and not verified", "only-one": "the only one of its time" },
};

const keptWords = ({ archives, bytes, kept }: BackupStatus): string => {
  if (archives === 0) return "nothing";
  const rules = Object.entries(ruleWords).flatMap(([rule, words]) => {
    const count = kept[rule as keyof BackupStatus["kept"]] ?? 0;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  return `${counted(archives, "archive")}, ${sizeInWords(bytes)}: ${rules.join(", ")}`;
};

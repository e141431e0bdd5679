import type { Command } from "commander";
import { drillNow } from "#actions/backup-proof.ts";
import { backupNamed } from "#actions/backups.ts";
import { spanInWords, withBackups } from "#cli/backups.ts";
import { transferOn, untilStopped } from "#cli/progress.ts";
import { type Cli, verb } from "#cli/verb.ts";

type Rehearsed = Awaited<ReturnType<typeof drillNow>>[number];

/** `backup drill <name>`. */
export const drillCommand = (cli: Cli): Command =>
  verb({
    usage: "drill <name>",
    does: "Rehearse a restore: the newest proven archive and a random older one are fetched, compared, and handed to the check of the configuration.",
    examples: ["backup drill tableau", "backup drill tableau --json"],
    attention: "a restore would fail",
    json: true,
  }).action((name: string, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withBackups(cli, common, async ({ app, backups }) => {
        const backup = backupNamed(name, backups);
        const stop = untilStopped(cli.terminal);
        const draw = transferOn(cli.terminal);
        const onProgress = (_: unknown, bytes: number, of: number): void => draw("fetching", bytes, of);
        const ask = { signal: stop.signal };
        const all = await drillNow(backup, { ask, parts: { ...app.backups, onProgress } }).finally(stop.done);
        if (common.json) cli.say.json(all);
        else tell(cli, all, backup.drill?.check !== null && backup.drill !== null);
        return all.some(({ outcome }) => outcome === "failed") ? 3 : 0;
      }),
    ),
  );

const tell = ({ say }: Cli, all: readonly Rehearsed[], isChecked: boolean): void => {
  for (const { key, outcome, durationMs, words } of all) {
    if (outcome === "passed")
      say.good(`${key} came back whole${isChecked ? " and passed the check" : ""} in ${spanInWords(durationMs)}.`);
    else say.warn(`${key === "" ? "" : `${key}: `}${words ?? "it failed"}`);
  }
  if (!isChecked) say.note("Only their hashes were compared; a command that looks inside is named by drill.check.");
};

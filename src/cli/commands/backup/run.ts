import type { Command } from "commander";
import { type Made, runBackup } from "#actions/backup-run.ts";
import { backupNamed } from "#actions/backups.ts";
import { workSettings } from "#app/work.ts";
import type { App } from "#app.ts";
import { spanInWords, withBackups } from "#cli/backups.ts";
import { operator } from "#cli/open.ts";
import { transferOn, untilStopped } from "#cli/progress.ts";
import { type Cli, type ExitCode, verb } from "#cli/verb.ts";
import { sizeInWords } from "#cli/words.ts";
import { wordsOf } from "#model/fault.ts";

/** `backup run <name>`. */
export const runCommand = (cli: Cli): Command =>
  verb({
    usage: "run <name>",
    does: "Make a backup now: the archive is made, uploaded, read back, and only then is anything older removed. A run that is open is taken up where it stands.",
    examples: ["backup run tableau", "backup run tableau --json"],
    attention: "the archive is suspect, or another machine has to make it",
    json: true,
  }).action((name: string, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withBackups(cli, common, async ({ app, backups }) => {
        const backup = backupNamed(name, backups);
        const stop = untilStopped(cli.terminal);
        const draw = transferOn(cli.terminal);
        const onProgress = (step: keyof typeof labels, bytes: number, of: number): void =>
          draw(labels[step], bytes, of);
        const { owner, leaseMs } = workSettings(app.config);
        cli.terminal.status(`${name}: the archive is being made …`);
        const made = await runBackup(
          backup,
          {
            ...{ by: operator(), host: app.config.host, owner, leaseMs, signal: stop.signal },
            onState: ({ state }) => cli.terminal.status(`${name}: another process has it in hand, ${state} …`),
          },
          { ...app.backups, onProgress, log: tellingRetries(app.backups.log, cli) },
        ).finally(stop.done);
        if (common.json) cli.say.json(asJson(made));
        else tell(cli, made, backup.host);
        return codeOf(made);
      }),
    ),
  );

/** Half an hour of retries would look like standing still. */
const tellingRetries = (log: App["backups"]["log"], { terminal }: Cli): App["backups"]["log"] => ({
  ...log,
  warn: (...line) => {
    const [event, fields] = line;
    if (event === "backup.retry") terminal.status(`tried again: ${wordsOf(fields?.["error"])}`);
    log.warn(...line);
  },
});

const labels = { upload: "uploading", verify: "reading back", restore: "restoring" } as const;

const codeOf = ({ kind, run, archive }: Made): ExitCode => {
  if (kind === "elsewhere") return 3;
  if (run.state !== "done") return 1;
  return archive?.state === "suspect" ? 3 : 0;
};

/** Where the file was made is nobody else's business. */
const asJson = ({ kind, run, archive }: Made) => ({ kind, run: { ...run, source: undefined }, archive });

const tell = ({ say }: Cli, { kind, run, archive }: Made, host: string | null): void => {
  if (kind === "elsewhere") {
    say.warn(`It is due now, and made on ${host ?? "another machine"}: by its daemon, or there by this command.`);
    return;
  }
  if (run.state !== "done") {
    say.warn(`The backup “${run.backup}” of ${run.date} was not made: ${run.reason ?? run.state}`);
    const again =
      run.notBefore === null
        ? "Nothing was removed."
        : `Nothing was removed. A daemon tries again from ${run.notBefore.toString({ smallestUnit: "minute" })} on.`;
    say.line(again);
    say.line("  → what is wrong with bucket, database or encryption is tried by: daybreak doctor");
    return;
  }
  const took = [
    ["made", run.produceMs],
    ["uploaded", run.uploadMs],
    ["read back", run.verifyMs],
  ].flatMap(([what, ms]) => (typeof ms === "number" ? [`${what} in ${spanInWords(ms)}`] : []));
  say.good(`${run.key ?? ""}, ${sizeInWords(archive?.bytes ?? 0)}: ${took.join(", ")}.`);
  if (archive?.state === "suspect") {
    say.warn(`It is suspect and doesn't count: ${archive.reason ?? ""}`);
    say.line(`  → if it is right: daybreak backup accept ${archive.key} --reason "…"`);
  } else if (archive?.state === "made")
    say.warn("It was not read back (verify: head), so it never counts as verified.");
};

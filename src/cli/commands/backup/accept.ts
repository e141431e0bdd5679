import type { Command } from "commander";
import { acceptSuspect, archiveNamed, type FoundArchive, setPin } from "#actions/backups.ts";
import type { App } from "#app.ts";
import { withBackups } from "#cli/backups.ts";
import { operator } from "#cli/open.ts";
import { type Cli, verb } from "#cli/verb.ts";

interface Word {
  readonly usage: string;
  readonly does: string;
  readonly example: string;
  readonly option: string;
  /** Does it and says what was done. */
  readonly act: (found: FoundArchive, reason: string, app: App) => Promise<string>;
}

const wordCommand = (cli: Cli, { usage, does, example, option, act }: Word): Command =>
  verb({ usage, does, examples: [example] })
    .requiredOption("--reason <words>", option)
    .action((key: string, { reason }: { reason: string }, command: Command) =>
      cli.run(command, (common) =>
        withBackups(cli, common, async ({ app, backups }) => {
          const found = await archiveNamed(key, backups, app.backups);
          cli.say.good(await act(found, `${reason} (${operator()})`, app));
          return 0;
        }),
      ),
    );

/** `backup accept <key>`. */
export const acceptCommand = (cli: Cli): Command =>
  wordCommand(cli, {
    usage: "accept <key>",
    does: "Let a suspect archive count: it is as small as it should be.",
    example: 'backup accept bi-2026-11-21.tsbak --reason "a site was deleted"',
    option: "why it is right; it is kept with the archive",
    act: async (found, reason, { backups }) => {
      const { key, backup } = found.archive;
      const state = await acceptSuspect(found, reason, backups);
      if (state === "verified") return `${key} counts from now on.`;
      return `${key} is accepted. It counts once it was read back: daybreak backup verify ${backup}`;
    },
  });

/** `backup pin <key>`. */
export const pinCommand = (cli: Cli): Command =>
  wordCommand(cli, {
    usage: "pin <key>",
    does: "Keep an archive whatever its age, for example the last one before an upgrade.",
    example: 'backup pin bi-2026-11-21.tsbak --reason "before the upgrade to 2026.3"',
    option: "why it must stay; it is kept with the archive",
    act: async (found, reason, { backups }) => {
      await setPin(found, reason, backups);
      return `${found.archive.key} stays until it is unpinned.`;
    },
  });

/** `backup unpin <key>`. */
export const unpinCommand = (cli: Cli): Command =>
  verb({
    usage: "unpin <key>",
    does: "Let the retention decide about a pinned archive again.",
    examples: ["backup unpin bi-2026-11-21.tsbak"],
  }).action((key: string, _: unknown, command: Command) =>
    cli.run(command, (common) =>
      withBackups(cli, common, async ({ app, backups }) => {
        const found = await archiveNamed(key, backups, app.backups);
        await setPin(found, null, app.backups);
        cli.say.good(`${found.archive.key} stays as long as the retention says.`);
        return 0;
      }),
    ),
  );

import type { Command } from "commander";
import { acceptCommand, pinCommand, unpinCommand } from "#cli/commands/backup/accept.ts";
import { adoptCommand } from "#cli/commands/backup/adopt.ts";
import { catalogCommand } from "#cli/commands/backup/catalog.ts";
import { listCommand } from "#cli/commands/backup/list.ts";
import { pruneCommand } from "#cli/commands/backup/prune.ts";
import { statusCommand } from "#cli/commands/backup/status.ts";
import { type Cli, verb } from "#cli/verb.ts";

/** `backup status|list|prune|accept|pin|unpin|adopt|catalog`. */
export const backupCommand = (cli: Cli): Command =>
  verb({
    usage: "backup",
    does: "Make, look at, restore and remove the archives of report servers.",
    examples: ["backup status", "backup list tableau", "backup prune tableau --dry-run"],
  })
    .addCommand(statusCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(pruneCommand(cli))
    .addCommand(acceptCommand(cli))
    .addCommand(pinCommand(cli))
    .addCommand(unpinCommand(cli))
    .addCommand(adoptCommand(cli))
    .addCommand(catalogCommand(cli));

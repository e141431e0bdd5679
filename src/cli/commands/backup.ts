import type { Command } from "commander";
import { acceptCommand, pinCommand, unpinCommand } from "#cli/commands/backup/accept.ts";
import { adoptCommand } from "#cli/commands/backup/adopt.ts";
import { catalogCommand } from "#cli/commands/backup/catalog.ts";
import { drillCommand } from "#cli/commands/backup/drill.ts";
import { listCommand } from "#cli/commands/backup/list.ts";
import { loadCommand } from "#cli/commands/backup/load.ts";
import { pruneCommand } from "#cli/commands/backup/prune.ts";
import { restoreCommand } from "#cli/commands/backup/restore.ts";
import { runCommand } from "#cli/commands/backup/run.ts";
import { statusCommand } from "#cli/commands/backup/status.ts";
import { verifyCommand } from "#cli/commands/backup/verify.ts";
import { type Cli, verb } from "#cli/verb.ts";

/** `backup status|run|list|verify|restore|load|drill|prune|accept|pin|unpin|adopt|catalog`. */
export const backupCommand = (cli: Cli): Command =>
  verb({
    usage: "backup",
    does: "Make, look at, restore and remove the archives of report servers.",
    examples: [
      "backup status",
      "backup run tableau",
      "backup restore tableau --latest --to bi.tsbak",
      "backup prune tableau --dry-run",
    ],
  })
    .addCommand(statusCommand(cli))
    .addCommand(runCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(verifyCommand(cli))
    .addCommand(restoreCommand(cli))
    .addCommand(loadCommand(cli))
    .addCommand(drillCommand(cli))
    .addCommand(pruneCommand(cli))
    .addCommand(acceptCommand(cli))
    .addCommand(pinCommand(cli))
    .addCommand(unpinCommand(cli))
    .addCommand(adoptCommand(cli))
    .addCommand(catalogCommand(cli));

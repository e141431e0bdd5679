/** Every command, in the order of the help: from the first step to the rare one. */
import type { Command } from "commander";
import { adoptCommand } from "#cli/commands/adopt.ts";
import { backupCommand } from "#cli/commands/backup.ts";
import { checkCommand } from "#cli/commands/check.ts";
import { deliveriesCommand } from "#cli/commands/deliveries.ts";
import { doctorCommand } from "#cli/commands/doctor.ts";
import { explainCommand } from "#cli/commands/explain.ts";
import { initCommand } from "#cli/commands/init.ts";
import { migrateCommand } from "#cli/commands/migrate.ts";
import { liveCommand, trialCommand } from "#cli/commands/mode.ts";
import { planCommand } from "#cli/commands/plan.ts";
import { previewCommand } from "#cli/commands/preview.ts";
import { recipientsCommand } from "#cli/commands/recipients.ts";
import { sendCommand } from "#cli/commands/send.ts";
import { serversCommand } from "#cli/commands/servers.ts";
import { slotsCommand } from "#cli/commands/slots.ts";
import { startCommand } from "#cli/commands/start.ts";
import { resumeCommand, stopCommand } from "#cli/commands/stop.ts";
import type { Cli } from "#cli/verb.ts";

export const commands: readonly ((cli: Cli) => Command)[] = [
  initCommand,
  checkCommand,
  doctorCommand,
  planCommand,
  previewCommand,
  sendCommand,
  liveCommand,
  trialCommand,
  startCommand,
  stopCommand,
  resumeCommand,
  recipientsCommand,
  slotsCommand,
  deliveriesCommand,
  serversCommand,
  adoptCommand,
  backupCommand,
  migrateCommand,
  explainCommand,
];

import process from "node:process";
import { runCli } from "#cli/command.ts";
import { openTerminal } from "#cli/terminal.ts";

process.exitCode = await runCli(process.argv.slice(2), openTerminal(process.env));

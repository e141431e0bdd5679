import { Command } from "commander";
import { type Say, sayOn } from "#cli/say.ts";
import type { Terminal } from "#cli/terminal.ts";
import { isFault } from "#model/fault.ts";

/** 0 fine · 1 a fault · 2 wrong words · 3 done, but something needs a person. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What every command is given. */
export interface Cli {
  readonly terminal: Terminal;
  readonly say: Say;
  /** Runs a command to its end: its exit code is kept, a fault is told. */
  run(command: Command, work: (common: Common) => Promise<ExitCode>): Promise<void>;
}

/** The options that every command takes. */
export interface Common {
  /** Path of the configuration. */
  readonly config: string;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** The words of a command's help. */
export interface VerbWords {
  /** `plan [report]` */
  readonly usage: string;
  readonly does: string;
  readonly examples: readonly string[];
  /** What 3 means here, if it can happen. */
  readonly attention?: string;
  /** Whether it can print JSON. */
  readonly json?: boolean;
}

/** A command with its help: one line, examples and exit codes. */
export const verb = ({ usage, does, examples, attention, json = false }: VerbWords): Command => {
  const command = new Command(usage.split(" ")[0]).description(does);
  for (const argument of usage.split(" ").slice(1)) command.argument(argument);
  command.option("-c, --config <file>", "the configuration (default: DAYBREAK_CONFIG, else ./daybreak.yaml)");
  if (json) command.option("--json", "print JSON for programs");
  command.option("--verbose", "tell the causes of a fault, and what happens on the way");
  const exits = ["0  fine", "1  a fault", "2  wrong words", ...(attention === undefined ? [] : [`3  ${attention}`])];
  const sections = [
    `Examples:\n${indented(examples.map((one) => `daybreak ${one}`))}`,
    `Exit codes:\n${indented(exits)}`,
  ];
  return command.addHelpText("after", `\n${sections.join("\n\n")}`);
};

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join("\n");

/** The common options of a command that was called. */
const commonOf = (command: Command, terminal: Terminal): Common => {
  const { config, json, verbose } = command.optsWithGlobals<{ config?: string; json?: boolean; verbose?: boolean }>();
  return {
    config: config ?? (terminal.env["DAYBREAK_CONFIG"] || "daybreak.yaml"),
    json: json === true,
    verbose: verbose === true,
  };
};

/** Runs commands on a terminal and keeps the exit code of the one that ran. */
export const openCli = (terminal: Terminal): Cli & { readonly exitCode: () => ExitCode } => {
  const say = sayOn(terminal);
  let exitCode: ExitCode = 0;
  return {
    terminal,
    say,
    exitCode: () => exitCode,
    run: async (command, work) => {
      const common = commonOf(command, terminal);
      try {
        exitCode = await work(common);
      } catch (error) {
        terminal.status(null);
        exitCode = isFault(error, "usage") ? 2 : 1;
        say.fault(error, common.verbose);
      }
    },
  };
};

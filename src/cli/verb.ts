import { Command } from "commander";
import { faultAsJson, type Say, sayOn } from "#cli/say.ts";
import { openStopping } from "#cli/stopping.ts";
import type { Terminal } from "#cli/terminal.ts";
import { isFault } from "#model/fault.ts";

/** 0 fine · 1 a fault · 2 wrong words · 3 done, but something needs a person · 130 stopped by a signal. */
export type ExitCode = 0 | 1 | 2 | 3 | 130;

/** What every command is given. */
export interface Cli {
  readonly terminal: Terminal;
  readonly say: Say;
  /**
   * Remembers something while it is opened and after: when a signal ends the command, it is waited for and closed before the process
   * ends. Who opens it closes it in every other case, so closing twice must do no harm.
   */
  keep<T>(opening: Promise<T>, close: (opened: T) => Promise<unknown>): Promise<T>;
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
  /** Further lines for the end of the help. */
  readonly more?: readonly string[];
  /** What 3 means here, if it can happen. */
  readonly attention?: string;
  /** Whether its result can be JSON; a fault can at every command. */
  readonly json?: boolean;
}

/** A command with its help: one line, examples and exit codes. */
export const verb = ({ usage, does, examples, attention, json = false, more = [] }: VerbWords): Command => {
  const command = new Command(usage.split(" ")[0]).description(does);
  for (const argument of usage.split(" ").slice(1)) command.argument(argument);
  command.option("-c, --config <file>", "the configuration (default: DAYBREAK_CONFIG, else ./daybreak.yaml)");
  command.option("--json", json ? "print JSON for programs" : "tell a fault as JSON");
  command.option("--verbose", "tell the causes of a fault, and what happens on the way");
  const attentive = attention === undefined ? [] : [`3    ${attention}`];
  const exits = ["0    fine", "1    a fault", "2    wrong words", ...attentive, "130  stopped by a signal"];
  const sections = [
    `Examples:\n${indented(examples.map((one) => `daybreak ${one}`))}`,
    `Exit codes:\n${indented(exits)}`,
    ...(more.length === 0 ? [] : [more.join("\n")]),
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
export const openCli = (outer: Terminal): Cli & { readonly exitCode: () => ExitCode } => {
  const { terminal, keep, wasAsked, untilStopped } = openStopping(outer);
  const say = sayOn(terminal);
  let exitCode: ExitCode = 0;
  const fail = (error: unknown, { json, verbose }: Common): ExitCode => {
    terminal.status(null);
    if (wasAsked() && isFault(error, "run.aborted")) {
      say.note(error.message);
      return 130;
    }
    if (json) say.json(faultAsJson(error));
    else say.fault(error, verbose);
    return isFault(error, "usage") ? 2 : 1;
  };
  return {
    terminal,
    say,
    keep,
    exitCode: () => exitCode,
    run: async (command, work) => {
      const common = commonOf(command, terminal);
      try {
        exitCode = (await untilStopped(() => work(common))) ?? 130;
      } catch (error) {
        exitCode = fail(error, common);
      }
    },
  };
};

import { type Command, CommanderError } from "commander";
import { programVersion } from "#app/version.ts";
import { commands } from "#cli/commands.ts";
import { faultAsJson } from "#cli/say.ts";
import type { Terminal } from "#cli/terminal.ts";
import { openCli, verb } from "#cli/verb.ts";

/** Runs the command that `argv` (without program and file) names, and returns its exit code. */
export const runCli = async (argv: readonly string[], terminal: Terminal): Promise<number> => {
  const cli = openCli(terminal);
  const program = verb({
    usage: "daybreak",
    does: "Each person's own figures, every morning: personalised reports from your BI server, proven, emailed and recorded.",
    examples: ["init", "check", "plan daily-sales", "start"],
    attention: "done, but something needs a person",
  }).version(programVersion(), "-V, --version", "print the version");
  for (const make of commands) program.addCommand(make(cli));
  try {
    await prepared(program, { terminal, isJson: argv.includes("--json") }).parseAsync([...argv], { from: "user" });
    return cli.exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (argv.includes("--json")) cli.say.json(faultAsJson(error));
    else cli.say.fault(error, false);
    return 1;
  }
};

interface Speaking {
  readonly terminal: Terminal;
  readonly isJson: boolean;
}

/** Commander must neither end the process nor write past the terminal that it was given; each command must be told. */
const prepared = (command: Command, speaking: Speaking): Command => {
  const { terminal, isJson } = speaking;
  const columns = terminal.columns ?? 100;
  // Every command has options; saying so at each would only hide the arguments.
  command.configureHelp({ subcommandTerm: (child) => termOf(child) });
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.out(text),
    writeErr: (text) => terminal.err(text),
    getOutHelpWidth: () => columns,
    getErrHelpWidth: () => columns,
    getOutHasColors: () => terminal.colour,
    getErrHasColors: () => terminal.colour,
    outputError: (text, write) => {
      const { what, hint } = wrongWords(text, command);
      if (isJson) terminal.out(`${JSON.stringify({ fault: { code: "usage", what, hint } }, null, 2)}\n`);
      else write(`✗ ${what}\n  → ${hint}\n`);
    },
  });
  for (const child of command.commands) prepared(child, speaking);
  return command;
};

const termOf = (command: Command): string =>
  [
    command.name(),
    ...command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)),
  ].join(" ");

const wrongWords = (text: string, command: Command): { readonly what: string; readonly hint: string } => {
  const [what = "", ...more] = text
    .trim()
    .replace(/^error: /, "")
    .split("\n");
  const hint = more.length > 0 ? more.join(" ").replace(/^\((.*)\)$/, "$1") : `see: daybreak ${pathOf(command)}--help`;
  return { what: `${what.charAt(0).toUpperCase()}${what.slice(1)}${/[.!?]$/.test(what) ? "" : "."}`, hint };
};

const pathOf = (command: Command): string =>
  command.parent === null ? "" : `${pathOf(command.parent)}${command.name()} `;

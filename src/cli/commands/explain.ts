import type { Command } from "commander";
import { loadOptions } from "#cli/open.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { explainConfig, type Setting } from "#config/explain.ts";
import { Fault } from "#model/fault.ts";
import { nearestTo } from "#model/nearest.ts";

/** `explain [key]`: each setting with its value and where it came from. */
export const explainCommand = (cli: Cli): Command =>
  verb({
    usage: "explain [key]",
    does: "Show each setting with its value and where it came from; secrets are covered.",
    examples: ["explain", "explain mail", "explain reports.daily-sales.at"],
    json: true,
  }).action((key: string | undefined, _: unknown, command: Command) =>
    cli.run(command, (common) => explain(cli, common, key)),
  );

const explain = async (cli: Cli, common: Common, key: string | undefined): Promise<ExitCode> => {
  const all = await explainConfig(loadOptions(cli, common));
  const settings = key === undefined ? all : all.filter((one) => isBelow(one.key, key));
  if (settings.length === 0 && key !== undefined) throw unknownKey(key, all);
  if (common.json) cli.say.json(settings);
  else
    cli.say.table(
      ["setting", "value", "from"],
      settings.map((one) => [one.key, one.value, { text: one.origin, tone: "dim" as const }]),
    );
  return 0;
};

const isBelow = (key: string, above: string): boolean =>
  key === above || key.startsWith(`${above}.`) || key.startsWith(`${above}[`);

const unknownKey = (key: string, all: readonly Setting[]): Fault => {
  const prefixes = all.flatMap((one) => one.key.split(".").map((_, at, steps) => steps.slice(0, at + 1).join(".")));
  const near = nearestTo(key, [...new Set(prefixes)]);
  const hint = near === null ? "see them all: daybreak explain" : `did you mean “${near}”?`;
  return new Fault("usage", `No setting “${key}” is in use.`, { hint });
};

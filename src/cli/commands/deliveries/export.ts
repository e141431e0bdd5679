import { type Command, InvalidArgumentError, Option } from "commander";
import { type ExportFormat, exportDeliveries } from "#actions/export-deliveries.ts";
import { withApp } from "#cli/open.ts";
import { type Cli, verb } from "#cli/verb.ts";
import { Temporal } from "#model/time.ts";

interface ExportOptions {
  readonly from: Temporal.PlainDate;
  readonly to: Temporal.PlainDate;
  readonly report?: string;
  readonly format: ExportFormat;
}

/** `deliveries export`. */
export const deliveriesExportCommand = (cli: Cli): Command =>
  verb({
    usage: "export",
    does: "Print what was delivered between two dates, for an auditor: address, filters, hashes, proof, receipt, who released it.",
    examples: [
      "deliveries export --from 2026-10-01 --to 2026-12-31 > quarter.csv",
      "deliveries export --from 2026-11-20 --to 2026-11-20 --report daily-sales --format json",
    ],
    more: [
      "Dates are those of the configuration's zone, both inclusive. It outlives pictures and emails: see the setting keep.",
    ],
  })
    .addOption(new Option("--from <date>", "the first day").argParser(dateOf).makeOptionMandatory())
    .addOption(new Option("--to <date>", "the last day").argParser(dateOf).makeOptionMandatory())
    .option("--report <name>", "only of this report")
    .addOption(new Option("--format <format>", "csv or json").choices(["csv", "json"]).default("csv"))
    .action((options: ExportOptions, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async ({ pool, config: { zone } }) => {
          const ask = {
            from: options.from.toZonedDateTime(zone).toInstant(),
            until: options.to.add({ days: 1 }).toZonedDateTime(zone).toInstant(),
            report: options.report ?? null,
          };
          for await (const piece of exportDeliveries(ask, common.json ? "json" : options.format, pool)) {
            cli.terminal.out(piece);
            await cli.terminal.drained?.();
          }
          return 0;
        }),
      ),
    );

const dateOf = (text: string): Temporal.PlainDate => {
  try {
    return Temporal.PlainDate.from(text);
  } catch {
    throw new InvalidArgumentError("Write a date such as 2026-11-20.");
  }
};

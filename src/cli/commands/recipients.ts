import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { exportPeople } from "#actions/export.ts";
import { type Imported, importPeople } from "#actions/import.ts";
import { type ListedPerson, listPeople } from "#actions/list-people.ts";
import type { App } from "#app.ts";
import { recipientsEraseCommand } from "#cli/commands/recipients/erase.ts";
import { operator, withApp } from "#cli/open.ts";
import type { Cell } from "#cli/table.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";
import { Fault, wordsOf } from "#model/fault.ts";

/** `recipients list|import|export|erase`. */
export const recipientsCommand = (cli: Cli): Command =>
  verb({
    usage: "recipients",
    does: "Look at and change the people whom reports are for.",
    examples: [
      "recipients list",
      "recipients import people.csv --report daily-sales --dry-run",
      "recipients erase anna@example.com",
    ],
  })
    .addCommand(listCommand(cli))
    .addCommand(importCommand(cli))
    .addCommand(exportCommand(cli))
    .addCommand(recipientsEraseCommand(cli));

const listCommand = (cli: Cli): Command =>
  verb({
    usage: "list",
    does: "List recipients with their reports; those of a list appear after it was first read.",
    examples: ["recipients list", "recipients list --report daily-sales"],
    json: true,
  })
    .option("--report <name>", "only of this report")
    .action(({ report = null }: { report?: string | null }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async ({ pool }) => {
          const people = await listPeople(report, pool);
          if (common.json) cli.say.json(people);
          else if (people.length === 0) cli.say.line("There are none yet.");
          else
            cli.say.table(["key", "name", "address", "zone", "reports", "attributes", "from", ""], people.map(rowOf));
          return 0;
        }),
      ),
    );

const rowOf = ({ recipient, attributes, reports }: ListedPerson): readonly Cell[] => [
  recipient.key,
  recipient.name,
  recipient.email === recipient.key ? "" : recipient.email,
  recipient.zone ?? "",
  reports.join(", "),
  Object.entries(attributes)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : value.join(", ")}`)
    .join(" · "),
  recipient.origin ?? "",
  recipient.active ? "" : { text: "inactive", tone: "warn" },
];

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly yes?: boolean;
}

const importCommand = (cli: Cli): Command =>
  verb({
    usage: "import <file>",
    does: "Read a CSV file (email, name, …) into our own tables; shows every change first.",
    examples: ["recipients import people.csv --dry-run", "recipients import people.csv --report daily-sales"],
    attention: "read, but some rows can't be used",
    json: true,
  })
    .option("--dry-run", "only show what would change")
    .option("--report <name>", "subscribe them to this report; its people must come from our tables")
    .option("--yes", "don't ask before somebody becomes inactive")
    .action((file: string, options: ImportOptions, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "reports" }, (app) => importFile(app, { cli, common, file, options })),
      ),
    );

interface ImportJob {
  readonly cli: Cli;
  readonly common: Common;
  readonly file: string;
  readonly options: ImportOptions;
}

const importFile = async ({ pool }: App, { cli, common, file, options }: ImportJob): Promise<ExitCode> => {
  const { say, terminal } = cli;
  const { report = null, dryRun = false, yes = false } = options;
  const path = resolve(terminal.cwd, file);
  const bytes = await bytesOf(path);
  const consent = async (plan: Imported): Promise<boolean> => {
    if (!common.json) tellImport(plan, cli);
    if (dryRun) return false;
    return plan.deactivate.length === 0 || yes || (await agrees(plan, cli));
  };
  const { plan, isDone } = await importPeople(
    { bytes, fileName: basename(path), report, by: operator() },
    pool,
    consent,
  );
  const sums = `${plan.add.length} added, ${plan.change.length} changed, ${plan.deactivate.length} made inactive, ${plan.same.length} the same`;
  if (common.json) say.json({ isDone, ...plan });
  else if (isDone) say.good(`${sums}.`);
  else say.line(`${sums}; nothing was written.`);
  return plan.mistakes.length > 0 ? 3 : 0;
};

const bytesOf = async (path: string): Promise<Uint8Array> => {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Fault("audience.unreadable", `${path} can't be read: ${wordsOf(cause)}`, {
      hint: "name a CSV file",
      cause,
    });
  }
};

const tellImport = ({ add, change, deactivate, held, mistakes }: Imported, { say }: Cli): void => {
  const rows: readonly (readonly Cell[])[] = [
    ...add.map((row) => [{ text: "add", tone: "good" as const }, row.key, row.name, row.place]),
    ...change.flatMap(({ row, differences }) =>
      differences.map(({ field, before, after }) => [
        { text: "change", tone: "bold" as const },
        row.key,
        `${field}: ${before || "nothing"} → ${after || "nothing"}`,
        row.place,
      ]),
    ),
    ...deactivate.map(({ key, name }) => [
      { text: "inactive", tone: "warn" as const },
      key,
      `${name === "" ? "" : `${name}: `}no longer in the file`,
      "",
    ]),
    ...held.map(({ key }) => [{ text: "keep", tone: "dim" as const }, key, "stands in a row that can't be used", ""]),
    ...mistakes.map(({ place, what }) => [{ text: "unusable", tone: "bad" as const }, "", what, place]),
  ];
  if (rows.length > 0) say.table(["", "who", "what", "where"], rows);
};

const agrees = (plan: Imported, { terminal }: Cli): Promise<boolean> => {
  const who = counted(plan.deactivate.length, "recipient becomes", "recipients become");
  if (terminal.asker !== null) return terminal.asker.yes(`${who} inactive. Go on?`, false);
  const hint = "look with --dry-run; if it is meant, say --yes";
  throw new Fault("usage", `${who} inactive, since the file no longer names them.`, { hint });
};

const exportCommand = (cli: Cli): Command =>
  verb({
    usage: "export",
    does: "Print the active recipients as CSV that “recipients import” reads again.",
    examples: ["recipients export > people.csv", "recipients export --report daily-sales"],
  })
    .option("--report <name>", "only of this report, with their formats and columns")
    .action(({ report = null }: { report?: string | null }, command: Command) =>
      cli.run(command, (common) =>
        withApp(cli, { common, reach: "rows" }, async ({ pool }) => {
          cli.terminal.out(await exportPeople(report, pool));
          return 0;
        }),
      ),
    );

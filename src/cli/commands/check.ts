import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type CheckParts, checkReports, type ServerLook } from "#actions/check.ts";
import { type Finding, faulty, type Grade, noted, warning } from "#actions/findings.ts";
import { emptyTables, type Tables, tablesIn } from "#actions/tables.ts";
import { refusalOf } from "#app/installation.ts";
import { outboxOf } from "#app/mail.ts";
import { unsharedBeside } from "#app/place.ts";
import { versionOf } from "#app/reports.ts";
import type { Tools } from "#app.ts";
import { outlookParts } from "#cli/ahead.ts";
import { adoptIt } from "#cli/examinations.ts";
import { openLook } from "#cli/look.ts";
import { openDatabaseKept, withTools } from "#cli/open.ts";
import type { Tone } from "#cli/table.ts";
import { type Cli, type Common, type ExitCode, verb } from "#cli/verb.ts";
import { counted } from "#cli/words.ts";
import type { Config } from "#config/config.ts";
import { isFault, wordsOf } from "#model/fault.ts";

/** `check`: judges the configuration without starting anything. */
export const checkCommand = (cli: Cli): Command =>
  verb({
    usage: "check",
    does: "Check the configuration, every row of the lists, and what the report servers say; nothing is sent.",
    examples: ["check", "check --offline", "check --json"],
    attention: "it would start, but there are warnings",
    json: true,
  })
    .option("--offline", "don't ask the report servers")
    .action(({ offline = false }: { offline?: boolean }, command: Command) =>
      cli.run(command, (common) => withTools(cli, common, (tools) => check(tools, { cli, common, offline }))),
    );

interface Job {
  readonly cli: Cli;
  readonly common: Common;
  readonly offline: boolean;
}

const check = async (tools: Tools, { cli, common, offline }: Job): Promise<ExitCode> => {
  await using stack = new AsyncDisposableStack();
  const { config } = tools;
  const findings: Finding[] = [...configFindings(config)];
  const tables = await tablesOf(tools, { stack, findings, cli });
  const look = offline ? null : openLook(tools, cli);
  if (look !== null) stack.defer(look.close);
  findings.push(...(await checkReports(config.reports, partsOf(tools, tables, look))));
  cli.terminal.status(null);
  const counts = { fault: 0, warning: 0, note: 0 };
  for (const { grade } of findings) counts[grade] += 1;
  if (common.json) cli.say.json({ file: config.file, findings });
  else tell(findings, { cli, config });
  if (counts.fault > 0) return 1;
  return counts.warning > 0 ? 3 : 0;
};

const configFindings = (config: Config): readonly Finding[] => [
  ...(config.reports.length + config.backups.length === 0
    ? [warning("configuration", "it has no reports", "add one under reports")]
    : []),
  ...(config.mail.via.kind === "folder"
    ? [noted("mail", `no mail server is set, so all mail goes into ${config.mail.via.dir}`)]
    : []),
  ...(config.mail.sendgrid.webhookKey !== null && config.http === null
    ? [warning("mail", "mail.sendgrid.webhookKey is set, but nothing listens for SendGrid's events", "set http.port")]
    : []),
];

const partsOf = (tools: Tools, tables: Tables, look: ServerLook | null): CheckParts => ({
  ...outlookParts(tools, tables),
  checkTemplate: (name) => tools.templates.check(name),
  requests: (draft, report) => tools.requests(draft, { report, version: versionOf(report) }),
  outbox: outboxOf(tools.config),
  look,
  onProgress: tools.onProgress,
});

interface Opening {
  readonly stack: AsyncDisposableStack;
  readonly findings: Finding[];
  readonly cli: Cli;
}

/** A first check must not make a database: without one everything is in trial and nobody is kept by hand. */
const tablesOf = async (tools: Tools, { stack, findings, cli }: Opening): Promise<Tables> => {
  const { config } = tools;
  if (config.database === null && !existsSync(join(config.home, "postgres"))) return emptyTables;
  try {
    const { pool } = stack.use(await openDatabaseKept(cli, tools));
    const refusal = await refusalOf({ config, pool });
    if (refusal !== null) findings.push(warning("database", refusal, adoptIt));
    const unshared = await unsharedBeside({ config, pool });
    if (unshared !== null) findings.push(faulty("artifacts", unshared.message, unshared.hint));
    return tablesIn(pool);
  } catch (error) {
    const mend = isFault(error) ? error.hint : "see: daybreak doctor";
    findings.push(faulty("database", wordsOf(error), mend));
    return emptyTables;
  }
};

const marks: Readonly<Record<Grade, { readonly sign: string; readonly tone: Tone }>> = {
  fault: { sign: "✗", tone: "bad" },
  warning: { sign: "!", tone: "warn" },
  note: { sign: "·", tone: "dim" },
};

const tell = (findings: readonly Finding[], { cli, config }: { readonly cli: Cli; readonly config: Config }): void => {
  const { say } = cli;
  for (const [about, those] of Map.groupBy(findings, (one) => one.about)) {
    say.heading(about);
    for (const { grade, what, mend } of those) {
      const { sign, tone } = marks[grade];
      say.line(`  ${say.paint(tone, sign)} ${what}`);
      if (mend !== null) say.line(`    → ${mend}`);
    }
  }
  const faults = findings.filter((one) => one.grade === "fault").length;
  const warnings = findings.filter((one) => one.grade === "warning").length;
  say.line();
  const reports = counted(config.reports.length, "report");
  if (faults > 0)
    say.line(`${say.paint("bad", "✗")} ${reports}: ${counted(faults, "fault")}, ${counted(warnings, "warning")}.`);
  else if (warnings > 0) say.warn(`${reports}: ${counted(warnings, "warning")}.`);
  else say.good(`${reports}: all is well.`);
};

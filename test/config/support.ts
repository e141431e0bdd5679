import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mistakeInExpression } from "#compose/plan/expression.ts";
import type { Config } from "#config/config.ts";
import { type LoadOptions, loadConfig } from "#config/load.ts";
import { Fault } from "#model/fault.ts";
import { holidaysOf } from "#schedule/calendar.ts";
import { readSchedule } from "#schedule/cron.ts";

/** The judges that the program hands in. */
export const checks = {
  checkSchedule: readSchedule,
  checkAggregate: (expression: string) => mistakeInExpression(expression, null),
  checkCalendar: (calendar: Parameters<typeof holidaysOf>[0]) => holidaysOf(calendar, { from: 2026, to: 2026 }),
};

/** A folder with `daybreak.yaml` and other files; `options` load it with no environment but the one given. */
export const folder = (files: Readonly<Record<string, string>>) => {
  const dir = mkdtempSync(join(tmpdir(), "daybreak-config-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const options = (env: Readonly<Record<string, string>> = {}): LoadOptions => ({
    file: "daybreak.yaml",
    cwd: dir,
    env,
    machine: { zone: "Europe/Berlin", cores: 2 },
    ...checks,
  });
  return { dir, options, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
};

/** The lines of a fault's message, without the first when it only counts them. */
export const mistakesIn = async (load: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await load;
    return [];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.message.split("\n").filter((line) => !line.startsWith("The configuration has "));
  }
};

/** A configuration that is complete. */
export const complete = `server: https://bi.example.com
mail: { via: "smtp://mail.example.com", from: "BI Team <bi@example.com>" }
reports:
  daily-sales:
    view: Daily Sales Report/Yesterday Sales Summary
    at: weekdays 07:00
    to: people.csv
    filter: { Region: region }
`;

/** What a report can't do without. */
export const plain = "view: Sales/Summary\nat: weekdays 07:00";

/** One report with these lines; the report's own begin on line 4, in column 5. */
export const report = (lines: string): string => {
  const indented = lines
    .trim()
    .split("\n")
    .map((line) => `    ${line}`);
  return `server: https://bi.example.com\nreports:\n  daily:\n${indented.join("\n")}\n`;
};

const people = { "people.csv": "email,name,region\n" };

type Texts = Readonly<Record<string, string>>;

/** The configuration of a file beside which `people.csv` and other files lie. */
export const load = async (yaml: string, env: Texts = {}, files: Texts = {}): Promise<Config> => {
  using place = folder({ "daybreak.yaml": yaml, ...people, ...files });
  return await loadConfig(place.options(env));
};

/** What is wrong with a file, a line each. */
export const mistakes = async (yaml: string, env: Texts = {}): Promise<readonly string[]> =>
  await mistakesIn(load(yaml, env));

/** A wrong file and what is said of it. */
export type Wrong = readonly [what: string, yaml: string, expected: readonly string[]];

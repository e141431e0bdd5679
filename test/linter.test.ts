import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./support/sources.ts";

/** A place, a piece of code, and the one rule that it breaks there; `null`: it may stand there. */
type Case = readonly [place: string, code: string, rule: string | null];

const imported = (...names: readonly string[]): string =>
  names.map((name, at) => `import type { A as A${at} } from "${name}";\nexport type B${at} = A${at};`).join("\n");

const lines = (count: number): string => Array.from({ length: count }, (_, at) => `  say(${at});`).join("\n");
const declared = "declare const say: (n: number) => void;\n";
const imports = "style/noRestrictedImports";
const globals = "style/noRestrictedGlobals";
const properties = "nursery/noJsRestrictedProperties";

const importTable: readonly Case[] = [
  ["src/model/report.ts", imported("#model/time.ts", "./fault.ts"), null],
  ["src/model/report.ts", imported("node:path"), imports],
  ["src/model/report.ts", imported("zod"), imports],
  ["src/model/report.ts", imported("#runtime/clock.ts"), imports],
  ["src/model/report.ts", imported("temporal-polyfill"), imports],
  ["src/model/time.ts", imported("temporal-polyfill"), null],
  ["src/schedule/plan.ts", imported("#model/schedule.ts", "#schedule/cron.ts"), null],
  ["src/schedule/plan.ts", imported("#store/slots.ts"), imports],
  ["src/schedule/plan.ts", imported("node:fs"), imports],
  ["src/schedule/cron.ts", imported("croner"), null],
  ["src/schedule/cron.ts", imported("node-cron"), imports],
  ["src/schedule/run.ts", imported("#store/slots.ts", "node:timers/promises", "#runtime/clock.ts"), null],
  ["src/schedule/run.ts", imported("#readiness/plan.ts"), imports],
  ["src/proof/plan.ts", imported("#model/proof.ts", "#proof/names.ts"), null],
  ["src/proof/plan.ts", imported("#runtime/clock.ts"), imports],
  ["src/proof/plan.ts", imported("csv-parse/sync"), imports],
  ["src/proof/run.ts", imported("csv-parse/sync", "#bucket/port.ts"), null],
  ["src/proof/run.ts", imported("#render/run.ts"), imports],
  ["src/proof/run.ts", imported("#config/load.ts"), imports],
  ["src/proof/run.ts", imported("../model/proof.ts"), imports],
  ["src/render/inspect.ts", imported("sharp"), imports],
  ["src/render/inspect.ts", imported("#render/page/look.ts"), imports],
  ["src/render/port.ts", imported("#runtime/log.ts"), imports],
  ["src/render/servers/web/signin.ts", imported("#render/page/form.ts", "#render/port.ts", "puppeteer"), null],
  ["src/render/servers/web/signin.ts", imported("#store/renders.ts"), imports],
  ["src/render/servers/web/signin.ts", imported("#render/run.ts"), imports],
  ["src/runtime/backoff.ts", imported("node:timers"), imports],
  ["src/runtime/loop.ts", imported("node-cron", "#model/fault.ts"), null],
  ["src/runtime/loop.ts", imported("#store/slots.ts"), imports],
  ["src/config/load.ts", imported("node:fs", "yaml", "zod", "#model/report.ts"), null],
  ["src/config/load.ts", imported("#schedule/cron.ts"), imports],
  ["src/send/mailers/smtp.ts", imported("nodemailer", "#send/port.ts"), null],
  ["src/send/mailers/smtp.ts", imported("#store/attempts.ts"), imports],
  ["src/send/run.ts", imported("nodemailer"), imports],
  ["src/sources/postgres.ts", imported("#bucket/port.ts"), imports],
  ["src/bucket/s3.ts", imported("#store/renders.ts"), imports],
  ["src/alert/mail.ts", imported("#send/port.ts"), imports],
  ["src/audience/import.ts", imported("#web/server.ts"), imports],
  ["src/readiness/probes/sql.ts", imported("#readiness/run.ts"), imports],
  ["src/compose/templates.ts", imported("handlebars", "mjml"), null],
  ["src/compose/run.ts", imported("#send/plan.ts"), imports],
  ["src/store/slots.ts", imported("pg", "#model/schedule.ts"), null],
  ["src/store/slots.ts", imported("#schedule/plan.ts"), imports],
  ["src/slot.ts", imported("#schedule/run.ts", "#store/slots.ts"), null],
  ["src/slot.ts", imported("#cli/command.ts"), imports],
  ["src/deliver.ts", imported("puppeteer"), imports],
  ["src/actions/send.ts", imported("#slot.ts", "#send/plan.ts", "#store/slots.ts"), null],
  ["src/actions/send.ts", imported("#send/run.ts"), imports],
  ["src/actions/send.ts", imported("pg"), imports],
  ["src/cli/command.ts", imported("commander", "#actions/send.ts", "#config/load.ts"), null],
  ["src/cli/command.ts", imported("pg"), imports],
  ["src/cli/command.ts", imported("#send/mailers/smtp.ts"), imports],
  ["src/main.ts", imported("#store/slots.ts"), imports],
  ["src/store/words.ts", 'export const a = import("commander");', imports],
  ["src/store/words.ts", 'export { a } from "#web/server.ts";', imports],
];

const effects: readonly Case[] = [
  ["src/proof/plan.ts", "export const a = () => Date.now();", globals],
  ["src/proof/plan.ts", "export const a = () => new Date(0);", globals],
  ["src/proof/plan.ts", 'export const a = () => fetch("x");', globals],
  ["src/proof/plan.ts", "export const a = () => setTimeout(() => {}, 1);", globals],
  ["src/proof/plan.ts", "export const a = () => setInterval(() => {}, 1);", globals],
  ["src/proof/plan.ts", "export const a = () => setImmediate(() => {});", globals],
  ["src/proof/plan.ts", "export const a = () => process.pid;", globals],
  ["src/proof/plan.ts", "export const a = () => performance.now();", globals],
  ["src/proof/plan.ts", "export const a = () => crypto.randomUUID();", globals],
  ["src/proof/plan.ts", "export const a = () => Math.random();", properties],
  ["src/proof/plan.ts", "export const a = () => Math.max(1, 2);", null],
  ["src/proof/plan.ts", "export const a = () => globalThis.Date;", properties],
  ["src/schedule/words.ts", "export const a = () => new Date(0);", globals],
  ["src/model/report.ts", "export const a = () => process.pid;", globals],
  ["src/render/inspect.ts", "export const a = () => process.pid;", globals],
  ["src/runtime/backoff.ts", "export const a = () => Math.random();", properties],
  [
    "src/proof/plan.ts",
    'import { Temporal } from "#model/time.ts";\nexport const a = () => Temporal.Now.instant();',
    properties,
  ],
  ["src/send/run.ts", "export const a = () => Date.now();", properties],
  ["src/send/run.ts", "export const a = () => new Date();", "plugin"],
  ["src/send/run.ts", "export const a = () => new Date(0);", null],
  ["src/runtime/clock.ts", "export const a = () => Date.now();\nexport const b = () => new Date();", null],
  ["src/send/run.ts", "export const a = process.env.HOME;", "style/noProcessEnv"],
  ["src/send/run.ts", 'import { env } from "node:process";\nexport const a = env;', imports],
  ["src/config/load.ts", "export const a = process.env.HOME;", null],
  ["src/send/run.ts", 'export const a = () => console.log("a");', "suspicious/noConsole"],
  ["src/cli/command.ts", 'export const a = () => console.log("a");', null],
];

const habits: readonly Case[] = [
  ["src/send/run.ts", "export const a = (b: any) => b;", "suspicious/noExplicitAny"],
  ["src/send/run.ts", "export const a = (b: string | null) => b!.length;", "style/noNonNullAssertion"],
  ["src/send/run.ts", "export enum A { B = 1 }", "style/noEnum"],
  ["src/send/run.ts", "const a = 1;\nexport default a;", "style/noDefaultExport"],
  ["src/send/run.ts", "export class A { constructor(readonly b: string) {} }", "style/noParameterProperties"],
  ["src/send/run.ts", "namespace A { export const b = 1; }\nexport const c = A.b;", "style/noNamespace"],
  ["src/send/run.ts", 'export * from "#send/plan.ts";', "performance/noReExportAll"],
  [
    "src/send/run.ts",
    'export { a } from "#send/plan.ts";\nexport { b } from "#send/port.ts";',
    "performance/noBarrelFile",
  ],
  ["src/send/run.ts", "export const a = (b: 1, c: 2, d: 3, e: 4) => [b, c, d, e];", "complexity/useMaxParams"],
  [
    "src/send/run.ts",
    `${declared}export const a = () => {\n${lines(61)}\n};`,
    "complexity/noExcessiveLinesPerFunction",
  ],
  ["src/send/run.ts", `${declared}export const a = () => {\n${lines(58)}\n};`, null],
  ["src/send/run.ts", `${declared}${lines(300)}\nexport {};`, "style/noExcessiveLinesPerFile"],
  ["src/send/run.ts", "const a = async () => 1;\nexport const b = () => { a(); };", "nursery/noFloatingPromises"],
  [
    "src/send/run.ts",
    'type A = "b" | "c";\nexport const d = (e: A) => { switch (e) { case "b": return 1; } return 2; };',
    "nursery/useExhaustiveSwitchCases",
  ],
  [
    "src/send/run.ts",
    "export const a = (b: boolean) => { if (b) { for (;;) { if (b) { while (b) {} } } } };",
    "nursery/noExcessiveNestedBlocks",
  ],
  ["src/send/BigFile.ts", "export const a = 1;", "style/useFilenamingConvention"],
  ["demo/main.ts", "export default 1;", "style/noDefaultExport"],
  ["test/a.test.ts", 'import { test } from "vitest";\ntest.only("a", () => {});', "suspicious/noFocusedTests"],
];

const cases: readonly Case[] = [...importTable, ...effects, ...habits];

interface Report {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}

/** What the linter said of each file of one folder: path → rules. */
type Verdicts = ReadonlyMap<string, readonly string[]>;

/** A place can hold one case at a time: the first case of each place makes the first round, and so on. */
const roundOf = (index: number): number =>
  cases.slice(0, index).filter(([place]) => place === cases[index]?.[0]).length;
const rounds = Math.max(...cases.map((_, index) => roundOf(index))) + 1;

const work = mkdtempSync(join(tmpdir(), "daybreak-linter-"));

const layOut = (folder: string, round: number): void => {
  cpSync(`${root}biome.json`, join(folder, "biome.json"));
  cpSync(`${root}scripts/lint`, join(folder, "scripts/lint"), { recursive: true });
  for (const [index, [place, code]] of cases.entries()) {
    if (roundOf(index) !== round) continue;
    mkdirSync(dirname(join(folder, place)), { recursive: true });
    writeFileSync(join(folder, place), `${code}\n`);
  }
};

const biome = `${root}node_modules/@biomejs/biome/bin/biome`;
const words = ["lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none"];

const lint = async (round: number): Promise<Verdicts> => {
  const folder = join(work, String(round));
  layOut(folder, round);
  const done = await promisify(execFile)(process.execPath, [biome, ...words], { cwd: folder }).catch((error) => error);
  const { diagnostics }: Report = JSON.parse(done.stdout);
  const byPath = Map.groupBy(diagnostics, ({ location }) => location.path);
  return new Map([...byPath].map(([path, found]) => [path, found.map(({ category }) => category)]));
};

let verdicts: readonly Verdicts[] = [];

beforeAll(async () => {
  const all = Array.from({ length: rounds }, (_, round) => lint(round));
  verdicts = await Promise.all(all);
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

const brokenRules = (index: number): readonly string[] => {
  const found = verdicts[roundOf(index)]?.get(cases[index]?.[0] ?? "") ?? [];
  return [...new Set(found.map((category) => category.replace(/^lint\//, "")))];
};

const titleOf = ([place, code, rule]: Case): string =>
  `${place} ${rule === null ? "may hold" : `breaks ${rule} with`}: ${code.replaceAll(/\s+/g, " ").slice(0, 120)}`;

for (const [index, one] of cases.entries()) {
  test(titleOf(one), () => {
    const rule = one[2];
    if (rule === null) expect(brokenRules(index)).toEqual([]);
    else expect(brokenRules(index)).toContain(rule);
  });
}

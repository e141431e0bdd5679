import { existsSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readCsvList } from "#audience/import.ts";
import { commands } from "#cli/commands.ts";
import type { Terminal } from "#cli/terminal.ts";
import { openCli } from "#cli/verb.ts";
import { loadConfig } from "#config/load.ts";
import { faultCodes } from "#model/fault.ts";
import { folder } from "./config/support.ts";
import { freshDatabase } from "./support/database.ts";
import { anchorsOf, type Block, blocksOf, linksOf, pages, tableOf, typedLines } from "./support/documents.ts";
import { read, root, type SourceFile } from "./support/sources.ts";

const all = pages();
const blocksIn = (language: string): readonly Block[] =>
  all.flatMap(blocksOf).filter((block) => block.language === language);

test("docs/errors.md has every code with its meaning, and a remedy for each", () => {
  const rows = tableOf({ path: "docs/errors.md", text: read("docs/errors.md") }, "code");
  expect(rows.map(([code, meaning]) => [code, meaning])).toEqual(
    Object.entries(faultCodes).map(([code, meaning]) => [`\`${code}\``, meaning]),
  );
  expect(rows.filter(([, , remedy = ""]) => remedy === "")).toEqual([]);
});

const anchors = new Map(all.map((page) => [page.path, anchorsOf(page)]));

const leadsNowhere = (page: SourceFile, link: string): boolean => {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page.path : posix.normalize(posix.join(dirname(page.path), decodeURIComponent(path)));
  if (!existsSync(join(root, target))) return true;
  return anchor !== undefined && !(anchors.get(target) ?? []).includes(anchor);
};

test("every link leads to a file or a heading", () => {
  const broken = all.flatMap((page) =>
    linksOf(page)
      .filter((link) => leadsNowhere(page, link))
      .map((link) => `${page.path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("every page of docs can be reached from the README", () => {
  const reached = new Set<string>(["README.md"]);
  for (const path of reached) {
    const page = all.find((one) => one.path === path);
    for (const link of page === undefined ? [] : linksOf(page)) {
      reached.add(posix.normalize(posix.join(dirname(path), link.split("#")[0] ?? "")));
    }
  }
  // A link to a folder shows what lies in it.
  const isReached = (path: string) => reached.has(path) || reached.has(`${dirname(path)}/`);
  expect(all.map(({ path }) => path).filter((path) => !isReached(path))).toEqual([]);
});

const silent: Terminal = {
  env: {},
  cwd: root,
  columns: null,
  colour: false,
  asker: null,
  out: () => {},
  err: () => {},
  status: () => {},
  on: () => () => {},
  end: () => {},
};
const known: readonly Command[] = commands.map((make) => make(openCli(silent)));

const optionsOf = (command: Command | undefined): readonly string[] => [
  ...["--help", "--version", "--config", "--verbose"],
  ...(command?.options.map(({ long }) => long ?? "") ?? []),
];

/** What is wrong with the words after `daybreak`, or `null`. */
const mistakeInWords = (words: readonly string[]): string | null => {
  const [name = "", next = ""] = words;
  const command = known.find((one) => one.name() === name);
  if (command === undefined && !name.startsWith("-")) return `there is no command “${name}”`;
  const children = command?.commands ?? [];
  const child = children.find((one) => one.name() === next);
  if (children.length > 0 && /^[a-z]/.test(next) && child === undefined) return `${name} has no “${next}”`;
  const options = optionsOf(child ?? command);
  const odd = words.find((word) => word.startsWith("--") && !options.includes(word.replace(/=.*/, "")));
  return odd === undefined ? null : `${name} ${next} has no ${odd}`;
};

const calls = /(?:^|\s)(?:npm run (?:-s )?daybreak -- |daybreak (?=[a-z]))(.+)$/;

test("every daybreak command that is named exists, with its options", () => {
  const lines = all.flatMap((page) => typedLines(page).map((line) => ({ path: page.path, line })));
  const called = lines.flatMap(({ path, line }) => {
    const [, words] = calls.exec(line) ?? [];
    return words === undefined ? [] : [{ path, line, words: words.trim().split(/\s+/) }];
  });
  const wrong = called.flatMap(({ path, line, words }) => {
    const mistake = mistakeInWords(words);
    return mistake === null ? [] : [`${path}: ${line}: ${mistake}`];
  });
  expect(wrong).toEqual([]);
  expect(called.length).toBeGreaterThan(20);
});

test("the changes name every command", () => {
  const named = typedLines({ path: "CHANGELOG.md", text: read("CHANGELOG.md") });
  expect(known.map((command) => command.name()).filter((name) => !named.includes(name))).toEqual([]);
});

test("every npm script that is named exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const ours = ["ci", "install", "pack"];
  const named = all.flatMap((page) =>
    typedLines(page).flatMap((line) =>
      [...line.matchAll(/\bnpm (?:run (?:-s )?)?([\w:]+)/g)].map(([, name = ""]) => name),
    ),
  );
  expect(named.filter((name) => !(name in scripts) && !ours.includes(name))).toEqual([]);
  expect(named).toContain("demo");
});

const report = { view: "Sales/Daily", at: "weekdays 07:00", to: "people.csv", filter: { Region: "region" } };
const around = {
  server: "https://bi.example.com",
  mail: { from: "BI <bi@example.com>" },
  sources: { warehouse: { url: "${WAREHOUSE_URL}" } },
  calendars: { bavaria: { country: "DE", region: "BY" } },
};
const topKeys = [
  "server",
  "servers",
  "sources",
  "mail",
  "database",
  "home",
  "keep",
  "zone",
  "locale",
  "calendars",
  "alerts",
  "backups",
  "buckets",
];
const isTop = (key: string): boolean => topKeys.includes(key) || ["limits", "browser", "http", "reports"].includes(key);

/** A piece of a configuration with what is missing around it; a whole one as it stands. */
const completed = (text: string): string | null => {
  const piece: unknown = parse(text);
  if (typeof piece !== "object" || piece === null) return null;
  if ("reports" in piece) return "server" in piece ? text : JSON.stringify({ ...around, ...piece });
  if (!Object.keys(piece).every(isTop))
    return JSON.stringify({ ...around, reports: { sales: { ...report, ...piece } } });
  if (!("servers" in piece)) return JSON.stringify({ ...around, ...piece, reports: { sales: report } });
  const { server: _, ...others } = around;
  const [server] = Object.keys(piece.servers ?? {});
  return JSON.stringify({ ...others, ...piece, reports: { sales: { ...report, server } } });
};

test.each(blocksIn("yaml").map((block, at) => ({ ...block, at })))(
  "YAML block $at in $page loads",
  async ({ text }) => {
    const whole = completed(text);
    if (whole === null) return;
    using place = folder({ "daybreak.yaml": whole, "people.csv": "email,name,region\n" });
    const warehouse = { WAREHOUSE_URL: "postgres://reader@warehouse.example.com/dwh", WAREHOUSE_PASSWORD: "secret" };
    // A password for nobody is a mistake as well.
    const env = {
      ...warehouse,
      ...(/smtp:\/\/\w+@/.test(whole) && { DAYBREAK_MAIL_PASSWORD: "secret" }),
      ...(/imaps:\/\/\w+@/.test(whole) && { DAYBREAK_BOUNCES_PASSWORD: "secret" }),
      SENDGRID_API_KEY: "SG.secret",
      ...Object.fromEntries(
        ["DATABASE_URL", "SUPERSET_DB", "METABASE_DB"].map((name) => [name, "postgres://b@db/one"]),
      ),
    };
    expect((await loadConfig(place.options(env))).reports.length).toBe(1);
  },
);

test("every list of people that is shown can be read", () => {
  const mistakes = blocksIn("csv").flatMap(({ text }) => readCsvList(new TextEncoder().encode(text), "list").mistakes);
  expect(mistakes).toEqual([]);
});

test("the SQL of the guides does what it says, one statement after the other", async () => {
  await using database = await freshDatabase();
  const statements = blocksIn("sql").flatMap(({ text }) => text.split(/;\n/).filter((one) => one.trim() !== ""));
  const idle: string[] = [];
  for (const statement of statements) {
    const { rowCount } = await database.pool.query(statement);
    if (rowCount === 0 && !statement.startsWith("set ")) idle.push(statement);
  }
  expect(idle).toEqual([]);
  expect(statements.length).toBeGreaterThan(10);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadConfig } from "#config/load.ts";
import { kinds } from "#config/schema/server.ts";
import { jsonSchema } from "#config/schema.ts";
import { keysOf, memberOf, type Shape, wholeShape } from "#config/shape.ts";
import { serverKinds } from "#render/port.ts";
import { checks } from "./support.ts";

const file = "config/example.yaml";
const text = readFileSync(file, "utf8");

interface Key {
  readonly key: string;
  readonly help: string;
}

/** Every key of the language; those below names that the writer chooses too. */
const keysBelow = (shape: Shape): readonly Key[] => {
  const member = memberOf(shape);
  const own = Object.entries(keysOf(shape)).flatMap(([key, inner]) => [
    { key, help: inner.description ?? "" },
    ...keysBelow(inner),
  ]);
  return [...(member === undefined ? [] : keysBelow(member)), ...own];
};

const language = keysBelow(wholeShape());

test("every key has a line of help", () => {
  expect(language.length).toBeGreaterThan(150);
  expect(language.filter(({ help }) => !/^.{10,110}[.)]$/.test(help))).toEqual([]);
});

test("the example shows every key of the language, below its line of help", () => {
  const lines = text.split("\n").map((each) => each.trim());
  const shown = ({ key, help }: Key): boolean =>
    lines.some((each, at) => each === `# ${help}` && lines[at + 1]?.replace(/^- /, "").startsWith(`${key}:`));
  expect(language.filter((each) => !shown(each))).toEqual([]);
});

test("the example loads", async () => {
  const address = "postgres://daybreak@db.example.com/name";
  const env = {
    DATABASE_URL: address,
    WAREHOUSE_URL: address,
    PAGES_URL: "https://pages.example.com",
    SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/T0/B0/x",
    PAGERDUTY_KEY: "0123456789abcdef0123456789abcdef",
    SUPERSET_DB: address,
    DAYBREAK_MAIN_PASSWORD: "a password",
    DAYBREAK_MAIL_PASSWORD: "another",
    DAYBREAK_BOUNCES_PASSWORD: "a third",
  };
  const config = await loadConfig({ file, env, ...checks });
  expect(config.reports.map(({ name }) => name)).toEqual(["daily-sales", "weekly-stock"]);
});

test("the published JSON Schema is the language; update it with vitest --update", async () => {
  const published = `${JSON.stringify(jsonSchema(), null, 2)}\n`;
  await expect(published).toMatchFileSnapshot("../../config/daybreak.schema.json");
});

test("the kinds of server are those that there are", () => {
  expect([...kinds]).toEqual([...serverKinds]);
});

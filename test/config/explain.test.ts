import { join } from "node:path";
import { expect, test } from "vitest";
import { explainConfig } from "#config/explain.ts";
import { complete, folder } from "./support.ts";

const explained = async (
  yaml: string,
  { env = {}, files = {} }: { env?: Record<string, string>; files?: Record<string, string> } = {},
) => {
  using place = folder({ "daybreak.yaml": yaml, "people.csv": "email\n", ...files });
  const settings = await explainConfig(place.options(env));
  return new Map(settings.map(({ key, value, origin }) => [key, `${value} (${origin.replaceAll(place.dir, ".")})`]));
};

test("each setting has its value and the line, variable or default that it came from", async () => {
  const env = { DAYBREAK_USER: "me", DB: "postgres://me:hidden@db/x" };
  const settings = await explained(`${complete}database: \${DB}\n`, {
    env,
    files: { ".env": "DAYBREAK_PASSWORD=hidden too" },
  });
  expect(settings.get("server")).toBe("https://bi.example.com (daybreak.yaml:1)");
  expect(settings.get("server.signIn.user")).toBe("me (environment DAYBREAK_USER)");
  expect(settings.get("server.signIn.password")).toBe("••• (.env DAYBREAK_PASSWORD)");
  expect(settings.get("server.signIn.via")).toBe("form (default)");
  expect(settings.get("mail.sizeBudget")).toBe("8MB (default)");
  expect(settings.get("database")).toBe(`\${DB} (daybreak.yaml:9, environment DB)`);
  expect(settings.get("zone")).toBe("Europe/Berlin (this machine)");
  expect(settings.get("limits.browsers")).toBe("2 (this machine)");
  expect(settings.get("reports.daily-sales.filter.Region")).toBe("region (daybreak.yaml:8)");
  expect(settings.get("reports.daily-sales.formats")).toBe('["png"] (default)');
});

test("settings come in the order of the language, each once", async () => {
  const settings = [...(await explained(complete)).keys()];
  expect(new Set(settings).size).toBe(settings.length);
  const tops = [...new Set(settings.map((key) => key.split(".")[0]))];
  expect(tops).toEqual([
    "server",
    "mail",
    "database",
    "home",
    "zone",
    "locale",
    "alerts",
    "limits",
    "browser",
    "http",
    "keep",
    "reports",
  ]);
});

test("a secret's file is named, and lists are told item by item", async () => {
  using place = folder({ secret: "hidden\n" });
  const yaml = complete.replace("    at:", "    facts: [{ name: a, csv: count() }]\n    at:");
  const settings = await explained(yaml, { env: { DAYBREAK_TOKEN_FILE: join(place.dir, "secret") } });
  expect(settings.get("server.signIn.token")).toBe(`••• (file ${join(place.dir, "secret")} DAYBREAK_TOKEN)`);
  expect(settings.get("reports.daily-sales.facts[0].csv")).toBe("count() (daybreak.yaml:6)");
});

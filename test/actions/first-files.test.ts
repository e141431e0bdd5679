import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answers, columnOf, firstFiles, slugOf } from "#actions/first-files.ts";
import { configChecks } from "#app.ts";
import { loadConfig } from "#config/load.ts";

const answers: Answers = {
  server: "https://bi.example.com",
  kind: "tableau",
  signIn: { via: "form", user: "anna", password: "secret" },
  view: "Sales/Daily",
  title: "Daily",
  filter: { name: "Region", values: ["North"] },
  at: "weekdays 07:00",
  zone: "Europe/Berlin",
  mailbox: { name: "Anna", email: "anna@example.com" },
};

const loaded = async (files: ReturnType<typeof firstFiles>) => {
  const cwd = await mkdtemp(join(tmpdir(), "daybreak-first-"));
  try {
    for (const { name, text } of files) await writeFile(join(cwd, name), text);
    return await loadConfig({ file: "daybreak.yaml", cwd, env: {}, ...configChecks });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
};

const printable = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
  .filter((text) => /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*\S[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u.test(text));

test("whatever views, titles and filters are called, the written configuration loads and says the same", async () => {
  const names = fc.record({
    view: printable,
    title: printable,
    filter: printable.filter((text) => text.trim() === text && text !== "__proto__"),
  });
  await fc.assert(
    fc.asyncProperty(names, async ({ view, title, filter }) => {
      const files = firstFiles({
        ...answers,
        view: view.trim(),
        title: title.trim(),
        filter: { name: filter, values: ["x"] },
      });
      const config = await loaded(files);
      expect(config.reports[0]).toMatchObject({
        name: slugOf(title.trim()),
        title: title.trim(),
        views: [{ path: view.trim().replace(/^\/+/, "") }],
        filter: { [filter]: { column: columnOf(filter) } },
      });
    }),
    { numRuns: 60 },
  );
});

test("a password of any signs comes back from .env as it was", () => {
  const password = fc
    .string({ unit: fc.constantFrom(..."aZ0 '\"$#=\\!äß"), minLength: 1, maxLength: 12 })
    .filter((text) => text.trim() === text);
  fc.assert(
    fc.property(password, (secret) => {
      fc.pre(!(secret.includes("'") && (secret.includes('"') || secret.includes("\\")) && secret.includes("`")));
      const env = firstFiles({ ...answers, signIn: { via: "token", token: secret } }).find(
        (file) => file.name === ".env",
      );
      expect(parseEnv(env?.text ?? "")).toEqual({ DAYBREAK_TOKEN: secret });
    }),
    { numRuns: 500 },
  );
});

test("secrets stand only in the file that is for their owner alone", () => {
  for (const file of firstFiles(answers)) expect(file.text.includes("secret")).toBe(file.isSecret);
});

test("a filter whose name means something else in a list gets a column of its own", () => {
  expect(columnOf("Zone")).toBe("filter_zone");
  expect(columnOf("Sales Region")).toBe("sales_region");
  expect(slugOf("日本")).toBe("report");
  expect(slugOf("  Übersicht / Nord ")).toBe("ubersicht-nord");
});

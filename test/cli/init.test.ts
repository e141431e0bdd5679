import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SampleServer, startSampleServer } from "../../demo/server/server.ts";
import { testCacheDir } from "../support/browsers.ts";
import { freshDatabase } from "../support/database.ts";
import { openWorld, type World } from "./world.ts";

let server: SampleServer;
let world: World;

beforeAll(async () => {
  server = await startSampleServer({ password: "p'4 \"$ß" });
  world = await openWorld({});
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** An empty folder of its own, with the browser unpacked. */
const folder = async (name: string): Promise<string> => {
  const cwd = join(world.dir, name);
  await mkdir(join(cwd, ".daybreak"), { recursive: true });
  await symlink(testCacheDir, join(cwd, ".daybreak", "cache"));
  return cwd;
};

const view = "Daily Sales Report/Yesterday Sales Summary";

test("a person answers a few questions and has a configuration and a first email", async () => {
  const cwd = await folder("asked");
  const { user, password, url } = server;
  const answers = [
    url,
    "form",
    user,
    password,
    view,
    "Region",
    ["O'Brien, Coast", "日本"],
    "mondays 06:30",
    "Anna Ö. <anna@example.com>",
  ];
  const { code, out, err } = await world.run(["init"], { cwd, answers });
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out).toContain("✓ Signed in; it shows 2 views.");
  expect(out).toContain("first-email/email.html");
  expect(await readFile(join(cwd, "daybreak.yaml"), "utf8")).not.toContain(password);
  expect(await readFile(join(cwd, "people.csv"), "utf8")).toBe(
    'email,name,region\nanna@example.com,Anna Ö.,"O\'Brien, Coast"\nanna@example.com,Anna Ö.,日本\n',
  );
  expect(parseEnv(await readFile(join(cwd, ".env"), "utf8"))).toEqual({
    DAYBREAK_USER: user,
    DAYBREAK_PASSWORD: password,
  });
  expect((await stat(join(cwd, ".env"))).mode & 0o777).toBe(0o600);
  const planned = await world.run(["plan"], { cwd });
  expect(planned.out).toMatch(/Anna Ö\. +anna@example.com +Region: O'Brien, Coast, 日本/);
});

test("everything can be said on the command line; the password only by its variable's name", async () => {
  await using own = await freshDatabase();
  const env = { BI_PASSWORD: server.password, DATABASE_URL: own.url };
  const cwd = await folder("told");
  const words = [
    "init",
    "--server",
    server.url,
    "--user",
    server.user,
    "--password-from",
    "BI_PASSWORD",
    "--to",
    "me@example.com",
  ];
  const chosen = ["--view", view, "--filter", "Region=North,South", "--yes"];
  const { code, out } = await world.run([...words, ...chosen], { cwd, env });
  expect(code).toBe(0);
  expect(out).toContain("email.html");
  const again = await world.run([...words, ...chosen], { cwd, env });
  expect(again).toMatchObject({
    code: 2,
    err: expect.stringContaining("✗ daybreak.yaml and .env and people.csv are there already.\n"),
  });
});

test("nothing is written over when somebody says no", async () => {
  const cwd = await folder("kept");
  await writeFile(join(cwd, "people.csv"), "mine");
  const { code, err } = await world.run(["init"], { cwd, answers: [false] });
  expect(code).toBe(1);
  expect(err).toContain("Nothing was written.");
  expect(await readFile(join(cwd, "people.csv"), "utf8")).toBe("mine");
});

test("what is missing or wrong on the command line is one sentence, before anything is written", async () => {
  const cwd = await folder("wrong");
  const signed = ["--server", server.url, "--user", server.user, "--password-from", "BI_PASSWORD"];
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [[], 2, "The report server's address must be given"],
    [["--server", "mailto:x"], 2, "is no address of a report server"],
    [["--server", "http://127.0.0.1:9"], 1, "Nothing answered at http://127.0.0.1:9"],
    [["--server", server.url, "--user", "x", "--password-from", "NOT_SET"], 1, "The environment has no NOT_SET."],
    [
      [...signed, "--view", "Daily Sales Report/Yesterday Sales Sumary"],
      1,
      "did you mean “Daily Sales Report/Yesterday Sales Summary”?",
    ],
    [[...signed, "--view", view, "--filter", "Region=Nroth"], 1, "“Nroth” is no value of filter “Region”."],
    [[...signed, "--view", view, "--filter", "Land=North"], 1, "The view has no filter “Land”."],
    [[...signed, "--view", view, "--at", "sometimes"], 1, "sometimes"],
    [[...signed, "--view", view, "--to", "me@"], 2, "“me@” can't be delivered to"],
  ];
  for (const [words, code, sentence] of cases) {
    const ran = await world.run(["init", "--yes", ...words], { cwd, env: { BI_PASSWORD: server.password } });
    expect(ran.err, words.join(" ")).toContain(sentence);
    expect(ran.code, words.join(" ")).toBe(code);
  }
  await expect(stat(join(cwd, "daybreak.yaml"))).rejects.toThrow();
});

test("an address without a scheme is asked over http on this machine, and one that is silent is asked for again", async () => {
  await using own = await freshDatabase();
  const cwd = await folder("again");
  const { user, password, url } = server;
  const bare = url.replace("http://", "");
  const answers = [
    "127.0.0.1:9",
    bare,
    "form",
    user,
    "wrong",
    "form",
    user,
    password,
    view,
    "",
    "weekdays 07:00",
    "me@example.com",
  ];
  const { code, out, err } = await world.run(["init"], { cwd, answers, env: { DATABASE_URL: own.url } });
  expect(err).toBe("");
  expect(out).toContain("! Nothing answered at http://127.0.0.1:9");
  expect(out).toContain(`! Report server “main” refused the sign-in of “${user}”.`);
  expect(out).not.toContain("wrong");
  expect(code).toBe(0);
  const yaml = await readFile(join(cwd, "daybreak.yaml"), "utf8");
  expect(yaml).toContain(`url: "${url}"`);
  expect(yaml).toContain("width: 480\n    scale: 2\n");
});

test("a wrong password that nobody can be asked about names its variable", async () => {
  const cwd = await folder("refused");
  const words = ["init", "--yes", "--server", server.url, "--user", server.user, "--password-from", "BI_PASSWORD"];
  const { code, err } = await world.run(words, { cwd, env: { BI_PASSWORD: "not-it" } });
  expect(code).toBe(1);
  expect(err).toContain("refused the sign-in");
  expect(err).toContain("the variable BI_PASSWORD, which --password-from names");
  expect(err).not.toContain("not-it");
});

test("secrets are written through no link, not even when told to write over", async () => {
  const cwd = await folder("linked");
  await writeFile(join(cwd, "elsewhere"), "mine");
  await symlink(join(cwd, "elsewhere"), join(cwd, ".env"));
  const { code, err } = await world.run(["init", "--yes", "--force"], { cwd });
  expect(code).toBe(2);
  expect(err).toContain(".env is a symbolic link");
  expect(await readFile(join(cwd, "elsewhere"), "utf8")).toBe("mine");
});

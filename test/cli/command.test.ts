import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "#cli/commands.ts";
import { openCli } from "#cli/verb.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({});
});
afterAll(() => world[Symbol.asyncDispose]());

const leaves = (): readonly (readonly string[])[] => {
  const terminal = {
    env: {},
    cwd: "/",
    columns: null,
    colour: false,
    asker: null,
    out() {},
    err() {},
    status() {},
    on: () => () => {},
    end: () => {},
  };
  const cli = openCli(terminal);
  return commands
    .map((make) => make(cli))
    .flatMap((command) => [[command.name()], ...command.commands.map((child) => [command.name(), child.name()])]);
};

test("every command's help tells what it does, shows examples and names its exit codes", async () => {
  for (const words of leaves()) {
    const { code, out } = await world.run([...words, "--help"]);
    expect(code, words.join(" ")).toBe(0);
    expect(out, words.join(" ")).toMatch(
      /Examples:\n {2}daybreak [\s\S]*Exit codes:\n {2}0 {4}fine\n {2}1 {4}a fault\n {2}2 {4}wrong words/,
    );
  }
});

test("a mistyped command is wrong words, with the one that was meant", async () => {
  const { code, err } = await world.run(["pln"]);
  expect(code).toBe(2);
  expect(err).toBe("✗ Unknown command 'pln'.\n  → Did you mean plan?\n");
});

test("a mistyped option and a missing argument are wrong words", async () => {
  expect(await world.run(["send", "x", "--dryrun"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("Did you mean --dry-run?"),
  });
  expect(await world.run(["live"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("✗ Missing required argument 'report'."),
  });
  expect(await world.run(["send"])).toMatchObject({ code: 2, err: expect.stringContaining("No report is named") });
  expect(await world.run(["plan", "--next", "none"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("whole number"),
  });
});

test("the version is that of the package", async () => {
  expect(await world.run(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test("without a configuration the fault says how to make one", async () => {
  const { code, err } = await world.run(["plan"]);
  expect(code).toBe(1);
  expect(err.replace(`${world.dir}/`, "")).toBe(
    "✗ There is no daybreak.yaml.\n  → Make one with “daybreak init”, or name another with --config.\n",
  );
});

test("the configuration may be named by the option or by the environment, the option first", async () => {
  const byEnvironment = await world.run(["plan"], { env: { DAYBREAK_CONFIG: "a.yaml" } });
  expect(byEnvironment.err).toContain("/a.yaml.");
  const byOption = await world.run(["plan", "--config", "b.yaml"], { env: { DAYBREAK_CONFIG: "a.yaml" } });
  expect(byOption.err).toContain("/b.yaml.");
  expect((await world.run(["--config", "c.yaml", "plan"])).err).toContain("/c.yaml.");
});

test("every mistake of a configuration is told at once, without a stack", async () => {
  await world.write("bad.yaml", "servr: https://bi.example.com\nreports:\n  sales: { vew: A/B, at: weekdays 07:00 }\n");
  const { code, err } = await world.run(["check", "-c", "bad.yaml"]);
  expect(code).toBe(1);
  expect(err).toContain("did you mean “server”?");
  expect(err).toContain("did you mean “view”");
  expect(err).not.toMatch(/\n\s+at /);
});

test("with --json every command tells its fault as JSON, wrong words too", async () => {
  const told = async (words: readonly string[]): Promise<unknown> => {
    const { code, out, err } = await world.run([...words, "--json"]);
    expect(err, words.join(" ")).toBe("");
    return { code, ...JSON.parse(out) };
  };
  const absent = { code: "config.unreadable", what: expect.stringContaining("absent.yaml"), hint: expect.any(String) };
  for (const words of [["start"], ["check"], ["migrate"], ["plan"], ["preview", "x", "--as", "y", "--out", "z"]]) {
    expect(await told([...words, "-c", "absent.yaml"])).toEqual({ code: 1, fault: absent });
  }
  const wrong = { code: "usage", what: "Unknown option '--fast'.", hint: expect.any(String) };
  expect(await told(["plan", "--fast"])).toEqual({ code: 2, fault: wrong });
});

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openPlace } from "../support/morning.ts";
import { filesBelow, importsOf, root } from "../support/sources.ts";

const run = promisify(execFile);
const isLong = process.env["DAYBREAK_LONG"] === "1";
vi.setConfig({ testTimeout: isLong ? 900_000 : 240_000, hookTimeout: 240_000 });

interface Manifest {
  readonly version: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const dir = mkdtempSync(join(tmpdir(), "daybreak-pack-"));
const installed = join(dir, "app", "node_modules", "daybreak");
const command = join(installed, "bin", "daybreak.cjs");
const manifest = (): Manifest => JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
let tarball = "";

/** Packs a copy, so that whoever works in the clone meanwhile sees nothing of it. */
const pack = async (): Promise<string> => {
  const clone = join(dir, "clone");
  mkdirSync(clone);
  const taken = ["bin", "src", "scripts", "templates", "config", "docs", "deploy", "package.json", "tsconfig.json"];
  for (const name of [...taken, "README.md", "CHANGELOG.md", "LICENSE"])
    if (existsSync(root + name)) cpSync(root + name, join(clone, name), { recursive: true });
  symlinkSync(`${root}node_modules`, join(clone, "node_modules"));
  await run(process.execPath, ["scripts/pack.ts"], { cwd: clone });
  // What it would run before is done; run by npm it might install packages, through the link.
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", dir], {
    cwd: clone,
  });
  return join(dir, stdout.trim());
};

/** What npm would do, without asking anybody: the package in its place, beside it what it says that it needs and nothing else. */
const install = async (): Promise<void> => {
  mkdirSync(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  const { dependencies, optionalDependencies } = manifest();
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const place = join(dir, "app", "node_modules", name);
    mkdirSync(join(place, ".."), { recursive: true });
    symlinkSync(`${root}node_modules/${name}`, place);
  }
};

beforeAll(async () => {
  tarball = await pack();
  await install();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const daybreak = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  run(process.execPath, [command, ...words], { cwd: dir, env: { ...process.env, ...env }, timeout: 200_000 });

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
};

test("the package holds emitted JavaScript that asks for nothing of src, and names Node 24", () => {
  const { engines, bin } = manifest();
  expect(engines).toEqual({ node: ">=24" });
  expect(bin).toEqual({ daybreak: "bin/daybreak.cjs" });
  for (const folder of ["src", "test", "demo", "bench", "scripts", "node_modules"])
    expect(existsSync(join(installed, folder)), folder).toBe(false);
  const sources = filesBelow("src", ".ts").filter(({ path }) => !path.endsWith(".d.ts"));
  const emitted = sources.map(({ path }) => path.replace(/^src\//, "dist/").replace(/\.ts$/, ".js"));
  expect(emitted.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
  const strange = emitted.flatMap((path) =>
    importsOf(readFileSync(join(installed, path), "utf8")).filter((wanted) => /^#|\.ts$/.test(wanted)),
  );
  expect(strange).toEqual([]);
  // A file beside that is named by its ending (`new URL("worker.ts", import.meta.url)`) would be missed when it is wanted.
  const named = emitted.filter((path) => /\bURL\([^)]*\.ts\b/.test(readFileSync(join(installed, path), "utf8")));
  expect(named).toEqual([]);
});

test("an older Node is told in one sentence which one is needed, before anything else is read", async () => {
  // Whichever the machine has, it can be told that it is old.
  const old = `Object.defineProperty(process.versions, "node", { value: "20.20.2" }); require(${JSON.stringify(command)});`;
  const ended = run(process.execPath, ["-e", old], { cwd: dir });
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^✗ Daybreak needs Node 24 or newer; this is Node 20\.20\.2 at .*\n {2}→ .*nodejs\.org.*\n$/,
    ),
  });
  // Nothing in it may be younger than the oldest Node that somebody could start it with.
  expect(readFileSync(command, "utf8")).not.toMatch(/=>|`|\b(?:let|const|class|import|async|await)\b/);
});

test("the installed program checks, lives a morning, makes a backup and answers whoever watches", async () => {
  const port = await freePort();
  const dashboards = join(dir, "grafana.db");
  new DatabaseSync(dashboards).exec("create table dashboards (id integer primary key)");
  await using place = await openPlace({
    people: "email,name,region\nanna@example.com,Anna Berg,North\nben@example.com,Ben Ito,South\n",
    config: { http: { port }, backups: { grafana: { sqlite: dashboards, at: "daily 02:00" } } },
  });
  const at = ["--config", place.file];
  expect((await daybreak(["--version"])).stdout.trim()).toBe(manifest().version);
  expect((await daybreak(["check", ...at], place.env)).stdout).toMatch(/✓|1 report: 0 faults/);
  await daybreak(["send", "daily-sales", ...at], place.env);
  const emails = await place.emails();
  expect(emails.flatMap(({ to }) => to).sort()).toEqual(["anna@example.com", "ben@example.com"]);
  // Copied by a program of its own beside the others.
  await daybreak(["backup", "run", "grafana", ...at], place.env);

  const daemon = spawn(process.execPath, [command, "start", ...at], {
    env: { ...process.env, ...place.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise<number | null>((done) => daemon.once("exit", done));
  for await (const line of createInterface({ input: daemon.stderr })) if (line.includes('"http.open"')) break;
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  await vi.waitFor(async () => expect((await ask("/readyz")).status).toBe(200), 20_000);
  const metrics = await (await ask("/metrics")).text();
  expect(metrics).toMatch(/^daybreak_database_up 1$/m);
  expect(metrics).toContain(`daybreak_info{version="${manifest().version}"`);
  expect(metrics).toContain('daybreak_archives{backup="grafana",state="verified"} 1');
  daemon.kill("SIGTERM");
  expect(await exited).toBe(0);
});

test.runIf(isLong)("npm installs the package into an empty folder, and it runs there", async () => {
  const empty = join(dir, "empty");
  mkdirSync(empty);
  await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", tarball], { cwd: empty });
  const { stdout } = await run(process.execPath, [join(empty, "node_modules/.bin/daybreak"), "--version"], {
    cwd: empty,
  });
  expect(stdout.trim()).toBe(manifest().version);
});

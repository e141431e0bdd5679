import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type SampleServer, startSampleServer } from "../../demo/server/server.ts";
import { startSink } from "../support/sink.ts";
import { openWorld, type World } from "./world.ts";

const yaml = (url: string) => `server: { url: "${url}" }
zone: Europe/Berlin
limits: { sweepEveryMs: 500 }
reports:
  daily-sales:
    view: Daily Sales Report/Yesterday Sales Summary
    at: weekdays 07:00
    to: people.csv
    filter: { Region: region }
    formats: [png, csv]
    facts: [{ name: revenue, label: Revenue, csv: sum(Revenue) }]
`;

const people = `email,name,region
anna@example.com,Anna,North
brenda@example.com,Brenda,"O'Brien, Coast"
mia@example,Mia,East
`;

let server: SampleServer;
let world: World;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startSampleServer({ password: "p'4 \"$ß" });
  world = await openWorld({ "daybreak.yaml": yaml(server.url), "people.csv": people });
  env = { DAYBREAK_USER: server.user, DAYBREAK_PASSWORD: server.password };
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => server.behave());

test("check finds nothing wrong but the row with a wrong address", async () => {
  const { code, out } = await world.run(["check"], { env });
  expect(out).toContain("! people.csv row 4: Mia: the address “mia@example” can't be used");
  expect(out).toContain("    → correct the row\n");
  expect(out).toContain("· 2 deliveries at its next time");
  expect(out).toContain("! 1 report: 1 warning.");
  expect(code).toBe(3);
});

test("check names an unknown view, filter, value and figure with what was meant", async () => {
  const wrong = yaml(server.url);
  await world.write("view.yaml", wrong.replace("Yesterday Sales Summary", "Yesterday Sales Sumary"));
  const view = await world.run(["check", "-c", "view.yaml"], { env });
  expect(view).toMatchObject({
    code: 1,
    out: expect.stringContaining("→ did you mean “Daily Sales Report/Yesterday Sales Summary”?"),
  });
  await world.write("filter.yaml", wrong.replace("{ Region: region }", "{ Regoin: region }"));
  const filter = await world.run(["check", "-c", "filter.yaml"], { env });
  expect(filter).toMatchObject({
    code: 1,
    out: expect.stringContaining("has no filter “Regoin”\n    → did you mean “Region”?"),
  });
  await world.write("odd.csv", people.replace("North", "Nroth"));
  await world.write("odd.yaml", wrong.replace("people.csv", "odd.csv").replace("sum(Revenue)", "sum(Revenu)"));
  const odd = await world.run(["check", "-c", "odd.yaml"], { env });
  expect(odd.code).toBe(3);
  expect(odd.out).toContain(
    "! odd.csv row 2: Anna: Region “Nroth” isn't among the view's values\n    → did you mean “North”?",
  );
  expect(odd.out).toContain("figure “revenue”:");
});

test("check says beforehand that a server which ignores the filter would be held back when live", async () => {
  server.misbehave({ kind: "filter-ignored" });
  const { code, out } = await world.run(["check", "--json"], { env });
  expect(code).toBe(3);
  const { findings } = JSON.parse(out);
  expect(findings).toContainEqual(
    expect.objectContaining({
      grade: "warning",
      about: "daily-sales",
      what: expect.stringMatching(/shows something else than was asked for, so live, it is held back/),
    }),
  );
});

test("check without the servers is quick and asks nobody", async () => {
  const before = server.requests.length;
  expect((await world.run(["check", "--offline"], { env })).code).toBe(3);
  expect(server.requests.length).toBe(before);
});

test("check warns of a key for SendGrid's events where nothing listens for them", async () => {
  const key = `mail: { sendgrid: { webhookKey: ${"A".repeat(120)} } }\n`;
  await world.write("deaf.yaml", `${yaml(server.url)}${key}`);
  await world.write("hears.yaml", `${yaml(server.url)}${key}http: { port: 8080 }\n`);
  const words = "nothing listens for SendGrid's events\n    → set http.port";
  expect((await world.run(["check", "--offline", "-c", "deaf.yaml"], { env })).out).toContain(words);
  expect((await world.run(["check", "--offline", "-c", "hears.yaml"], { env })).out).not.toContain(words);
});

test("a wrong password is one sentence with the variable to look at", async () => {
  const { code, err, out } = await world.run(["check"], { env: { ...env, DAYBREAK_PASSWORD: "wrong-password" } });
  expect(code).toBe(1);
  expect(`${out}${err}`).toContain("refused the sign-in");
  expect(`${out}${err}`).not.toContain("wrong-password");
});

test("a preview is the whole email as files, and is sent to nobody", async () => {
  const { code, out } = await world.run(["preview", "daily-sales", "--as", "brenda@example.com", "--out", "preview"], {
    env,
  });
  expect(code).toBe(0);
  expect(out).toContain("preview/email.eml");
  const html = await world.read("preview/email.html");
  const [, picture = ""] = /<img[^>]+src="([^"]+\.png)"/.exec(html) ?? [];
  expect(html).not.toContain("cid:");
  expect((await stat(join(world.dir, "preview", decodeURIComponent(picture)))).size).toBeGreaterThan(5_000);
  expect(await world.read("preview/email.txt")).toContain("O'Brien, Coast");
  const { rows } = await world.database.pool.query("select state, reason, occasion from deliveries");
  expect(rows).toEqual([
    {
      state: "discarded",
      reason: expect.stringMatching(/^preview by cli:/),
      occasion: expect.stringMatching(/^preview:/),
    },
  ]);
  expect((await world.run(["deliveries", "list", "--state", "sent"])).out).toBe("There are none.\n");
});

test("a preview for somebody who gets nothing says why", async () => {
  const { code, err } = await world.run(["preview", "daily-sales", "--as", "mia@example", "--out", "x"], { env });
  expect(code).toBe(1);
  expect(err).toContain("✗ mia@example gets nothing of “daily-sales”: the address “mia@example” can't be used");
});

test("a dry run of a send shows everybody and sends nothing", async () => {
  const { code, out } = await world.run(["send", "daily-sales", "--dry-run"], { env });
  expect(code).toBe(0);
  expect(out).toMatch(/Mia +skipped/);
  expect(out).toContain("2 emails of “daily-sales” would be sent; nothing was.");
});

test("a report in trial is sent to the outbox, and says so", async () => {
  const { code, out } = await world.run(["send", "daily-sales"], { env });
  expect(out).toMatch(/Anna +anna@example.com +sent/);
  expect(out).toMatch(/Brenda +brenda@example.com +sent/);
  expect(out).toMatch(/Mia +mia@example +skipped/);
  expect(out).toContain("“daily-sales” is in trial, so its mail lies in ");
  expect(code).toBe(0);
});

test("somebody's email goes to another address and nowhere else", async () => {
  const words = ["send", "daily-sales", "--as", "anna@example.com", "--deliver-to", "me@example.com"];
  expect((await world.run(words, { env })).out).toMatch(/Anna +me@example.com +sent/);
  const refused = await world.run([...words.slice(0, -1), "me@"], { env });
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("“me@” can't be delivered to") });
});

test("a send of which something is held back ends with 3, and show tells the evidence", async () => {
  await world.run(["live", "daily-sales"], { env });
  server.misbehave({ kind: "foreign-rows" });
  const { code, out } = await world.run(["send", "daily-sales", "--as", "anna@example.com"], { env });
  expect(code).toBe(3);
  const [, id = ""] = /(\d+) +Anna +anna@example.com +quarantined/.exec(out) ?? [];
  expect((await world.run(["deliveries", "show", id])).out).toMatch(/png: mismatch\n +.*Region/);
  await world.run(["trial", "daily-sales"], { env });
});

test("doctor finds every part well, and says what to set for going live", async () => {
  const { code, out } = await world.run(["doctor"], { env });
  expect(out).toMatch(/✓ database +your own Postgres, \d+.*; schema \d+/);
  expect(out).toMatch(/✓ folder /);
  expect(out).toMatch(/✓ browser +\S*Chrom\S*.*emoji and CJK letters are drawn/);
  expect(out).toMatch(/✓ server main +sample at .*; signed in as daybreak, it shows 2 views/);
  expect(out).toMatch(/! mail +mail goes into .*\n +→ set mail.via/);
  expect(code).toBe(3);
});

test("doctor offers the mail server a sender and a recipient, and sends nothing", async () => {
  await using sink = await startSink();
  const mailing = (from: string): string =>
    `server: { url: "${server.url}", kind: sample }\nmail: { via: "${sink.url}", from: "${from}" }\nalerts: { email: [ops@example.com] }\nreports: {}\n`;
  await world.write("mail.yaml", mailing("BI Team <bi@example.com>"));
  const { out } = await world.run(["doctor", "-c", "mail.yaml"], { env });
  expect(out).toContain("takes mail from bi@example.com to ops@example.com (without TLS; nothing was sent)");
  expect(sink.messages).toEqual([]);
  sink.misbehave({ kind: "mail-reply", reply: "550 5.7.1 no relaying for you" });
  const refused = await world.run(["doctor", "-c", "mail.yaml"], { env });
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(/✗ mail .*refused the sender: 550 5\.7\.1 no relaying for you/);
});

test("doctor says whether the database's schema is older or newer than this program", async () => {
  const { pool } = world.database;
  const { rows } = await pool.query(
    "delete from daybreak_migrations where version > 2 returning version, name, checksum",
  );
  const older = await world.run(["doctor"], { env });
  expect(older.out).toMatch(/· database .*; its schema is 2, this Daybreak's is \d+ .*\n +→ .*daybreak migrate/);
  for (const row of rows) {
    await pool.query(
      "insert into daybreak_migrations (version, name, checksum) values ($1, $2, $3)",
      Object.values(row),
    );
  }
  await pool.query("insert into daybreak_migrations (version, name, checksum) values (9999, 'later', 'x')");
  const newer = await world.run(["doctor"], { env });
  await pool.query("delete from daybreak_migrations where version = 9999");
  expect(newer.code).toBe(1);
  expect(newer.out).toContain("The database has schema 9999 (later)");
});

test("doctor tells of each broken part by itself and how to mend it", async () => {
  await world.write(
    "broken.yaml",
    'server: { url: "http://127.0.0.1:9", kind: sample }\nsources: { wh: { url: "postgres://u@127.0.0.1:9/x" } }\nbrowser: { path: /nowhere }\nmail: { via: "smtp://127.0.0.1:9", from: "a@example.com", bounces: { address: b@example.com, imap: "imap://b@127.0.0.1:9" } }\nreports: {}\n',
  );
  const password = { DAYBREAK_BOUNCES_PASSWORD: "not to be seen" };
  const { code, out } = await world.run(["doctor", "-c", "broken.yaml", "--json"], { env: { ...env, ...password } });
  expect(code).toBe(1);
  const broken = JSON.parse(out).filter((one: { grade: string }) => one.grade === "fault");
  expect(broken.map((one: { about: string }) => one.about)).toEqual([
    "browser",
    "server main",
    "source wh",
    "mail",
    "bounces",
  ]);
  expect(out).not.toContain("not to be seen");
  expect(broken.every((one: { mend: string }) => one.mend.length > 10)).toBe(true);
  expect(out).not.toContain(env["DAYBREAK_PASSWORD"]);
});

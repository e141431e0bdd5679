import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { erasePerson, whoToErase } from "#actions/erase.ts";
import { type ExportFormat, exportDeliveries } from "#actions/export-deliveries.ts";
import { erasureOf } from "#app/erase.ts";
import { tidy, tidyPartsOf } from "#app/tidy.ts";
import type { RenderRequest } from "#model/render.ts";
import { later } from "#model/time.ts";
import type { AuditedDelivery } from "#store/delivery-export.ts";
import { wantRenders } from "#store/owed.ts";
import { type Morning, openMorning, untilAll } from "../support/morning.ts";

const people = `email,name,region
anna@example.com,Anna Berger,North
jonas@example.com,Jonas Weber,North
ben@example.com,Ben Carter,South
ben@example.com,Ben Carter,East
`;

const rowsWith = async ({ pool }: Morning, pattern: RegExp): Promise<readonly string[]> => {
  const found: string[] = [];
  const tables = await pool.query("select tablename from pg_tables where schemaname = 'daybreak'");
  for (const { tablename } of tables.rows) {
    const { rows } = await pool.query(`select to_jsonb(t)::text as row from ${String(tablename)} t`);
    found.push(...rows.map(({ row }) => `${String(tablename)}: ${String(row)}`).filter((row) => pattern.test(row)));
  }
  return found;
};

interface FoundFile {
  readonly path: string;
  readonly mode: number;
  readonly isFolder: boolean;
}

/** Everything below a folder, itself included; what is shared with other tests is a link and isn't followed. */
const filesBelow = async (dir: string): Promise<readonly FoundFile[]> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((one) => one.isFile() || one.isDirectory()).map((one) => join(one.parentPath, one.name));
  return Promise.all(
    [dir, ...paths].map(async (path) => {
      const { mode } = await stat(path);
      return { path, mode: mode & 0o777, isFolder: (await stat(path)).isDirectory() };
    }),
  );
};

const filesWith = async (dir: string, pattern: RegExp): Promise<readonly string[]> => {
  const files = (await filesBelow(dir)).filter((one) => !one.isFolder);
  const found = await Promise.all(
    files.map(async ({ path }) => pattern.test(path) || pattern.test((await readFile(path)).toString("latin1"))),
  );
  return files.filter((_, at) => found[at]).map(({ path }) => path.slice(dir.length + 1));
};

const ben = /bens\.list|ben@example\.com|ben\.old@example\.com|Ben Carter/i;

const erase = async (morning: Morning, isRehearsal: boolean) => {
  const { app } = morning;
  const recipient = await whoToErase("ben@example.com", app.pool);
  return erasePerson({ recipient, by: "test", isRehearsal }, { ...app, ...erasureOf(app) });
};

test("an erased person is in no row and in no file, and what is left of them is said with its reason", async () => {
  await using morning = await openMorning({ people, report: { split: "each" } });
  const { app, pool, dir } = morning;
  await morning.writePeople(people);
  await app.parts.readLists(app.config.reports[0] ?? expect.fail("no report"));
  await pool.query("update recipients set alternate_emails = '{ben.old@example.com}' where name = 'Ben Carter'");
  await pool.query(
    "insert into copies (recipient_id, kind, email) select id, 'cc', 'ben@example.com' from recipients where name = 'Anna Berger'",
  );
  expect((await morning.live()).map(({ state }) => state)).toEqual(["sent", "sent", "sent", "sent"]);
  await pool.query("update attempts set words = '250 queued for <ben@example.com> (Ben Carter)'");
  await pool.query(`insert into mail_events (key, delivery_id, kind, email, words, at)
    select 'k' || id, id, 'bounced', 'bens.list@example.com', 'no mailbox of Ben Carter here', now() from deliveries where recipient_name = 'Ben Carter'`);
  await pool.query(`insert into alerts (key, severity, subject, lines, opened_at)
    values ('x', 'warning', 'an email came back', '["Delivery 3 to\\nben@example.com"]', now())`);
  await pool.query("insert into suppressions (email, reason) values ('ben@example.com', 'ben@example.com came back')");

  const before = await rowsWith(morning, /./);
  const rehearsed = await erase(morning, true);
  expect(await rowsWith(morning, /./)).toEqual(before);
  const erased = await erase(morning, false);

  expect({ ...rehearsed, files: 2 }).toEqual(erased);
  expect(erased).toMatchObject({
    deliveries: 2,
    ended: 0,
    messages: 2,
    pictures: 4,
    subscriptions: 2,
    suppressed: 1,
    files: 2,
  });
  expect(erased.left).toEqual([
    expect.stringContaining("The list of “daily-sales” names them"),
    expect.stringContaining("1 stored emails of other people went to them as a copy"),
    expect.stringContaining("Emails that were delivered"),
  ]);
  expect(await rowsWith(morning, ben)).toEqual([]);
  // Anna's own email still says to whom its copy went.
  const left = await filesWith(dir, ben);
  expect(left.filter((path) => path !== "people.csv" && !path.includes("anna"))).toEqual([
    expect.stringMatching(/^home\/artifacts\/messages\/2026-11-20\/\d+-\w+\.eml$/),
  ]);
  const { rows } = await pool.query("select state, recipient_name from deliveries order by recipient_name, state");
  expect(rows.map(({ state, recipient_name }) => [state, recipient_name])).toEqual([
    ["sent", "Anna Berger"],
    ["sent", "Jonas Weber"],
    ["sent", "erased"],
    ["sent", "erased"],
  ]);
  const kept = await pool.query("select count(*) as n from messages where sha256 <> '' and message_id <> ''");
  expect(Number(kept.rows[0]?.["n"])).toBe(4);

  // The list brings them back, but the address stays suppressed.
  await morning.makeDue("2026-11-21T06:00:00Z");
  const work = morning.begin();
  await morning.closed().finally(() => work.stop());
  const again = (await morning.deliveries()).filter(({ recipientName }) => recipientName === "Ben Carter");
  expect(again.map(({ state, reason }) => [state, reason])).toEqual([
    ["skipped", expect.stringContaining("mail to ben@example.com is suppressed")],
  ]);
  expect((await morning.emails()).filter(({ to }) => to.includes("ben@example.com"))).toEqual([]);
});

const day = 86_400_000;

const exported = async ({ app }: Morning, format: ExportFormat): Promise<readonly string[]> => {
  const now = app.clock.now();
  const ask = { from: later(now, -30 * day), until: later(now, 30 * day), report: null };
  return (await Array.fromAsync(exportDeliveries(ask, format, app.pool))).join("").trim().split("\n");
};

test("pictures, emails and records go when their time is over, what an open delivery needs stays, and all files are for our account alone", async () => {
  await using morning = await openMorning({ people });
  const { app, pool, dir } = morning;
  await morning.live();

  const open = (await filesBelow(join(dir, "home"))).filter(({ mode }) => (mode & 0o077) !== 0);
  const inOutbox = (await filesBelow(join(dir, "outbox"))).filter(({ mode }) => (mode & 0o077) !== 0);
  expect([...open, ...inOutbox]).toEqual([]);
  console.log(
    `files below home that others may read: ${open.length} / N ${(await filesBelow(join(dir, "home"))).length}`,
  );

  // A second morning is written and waits to be sent.
  await morning.makeDue("2026-11-21T06:00:00Z");
  const writing = morning.begin(["tick", "render", "write"]);
  await untilSecond(morning, "composed").finally(() => writing.stop());

  const parts = tidyPartsOf(app);
  const after = (days: number) => {
    const signal = AbortSignal.timeout(30_000);
    return tidy(parts, { now: later(app.clock.now(), days * day), search: true, signal });
  };
  const stored = async () => ({
    pictures: (await app.artifacts.list("renders/")).length,
    emails: (await app.artifacts.list("messages/")).length,
  });
  await app.artifacts.put("renders/2026-01-01/lost-by-a-kill.png", new Uint8Array([1]));
  expect(await stored()).toEqual({ pictures: 9, emails: 6 });
  expect(await after(0)).toMatchObject({ rows: 0, files: 1, trouble: null });
  expect(await after(29)).toMatchObject({ rows: 0, files: 0 });
  expect(await after(31)).toMatchObject({ files: 4 });
  expect(await stored()).toEqual({ pictures: 4, emails: 6 });
  expect(await after(91)).toMatchObject({ files: 3 });
  expect(await stored()).toEqual({ pictures: 4, emails: 3 });

  // Who wants an old picture again gets it drawn anew.
  const request = await pool.query("select request from renders where evidence ->> 'csv' is null order by id limit 1");
  await wantRenders(pool, [request.rows[0]?.["request"] as RenderRequest]);
  expect((await pool.query("select count(*) as n from renders where state = 'wanted'")).rows[0]?.["n"]).toBe("1");

  // What an auditor asks for is still there, until its own time is over.
  const hashes = await pool.query("select count(*) as n from proofs where verdict = 'proven' and length(sha256) = 64");
  expect(Number(hashes.rows[0]?.["n"])).toBe(12);
  const rows = await exported(morning, "csv");
  expect(rows).toHaveLength(1 + 6);
  expect(rows[0]).toContain("delivery,time,zone,report");
  expect(
    rows.filter((row) => row.includes("anna@example.com") && /png [0-9a-f]{64}/.test(row) && row.includes("proven")),
  ).toHaveLength(2);
  expect(rows.filter((row) => row.includes("put down as"))).toHaveLength(3);
  const objects = JSON.parse((await exported(morning, "json")).join("\n")) as readonly AuditedDelivery[];
  expect(objects.map(({ message }) => message?.sha256.length)).toEqual([64, 64, 64, 64, 64, 64]);
  await after(1_100);
  expect((await morning.deliveries()).map(({ state }) => state)).toEqual(["composed", "composed", "composed"]);
  expect((await pool.query("select count(*) as n from audit")).rows[0]?.["n"]).toBe("0");
  expect((await pool.query("select count(*) as n from slots")).rows[0]?.["n"]).toBe("2");

  const sending = morning.begin();
  await untilAll(morning, "sent").finally(() => sending.stop());
  expect((await morning.emails()).length).toBe(6);
});

const untilSecond = async (morning: Morning, state: string): Promise<void> => {
  const end = performance.now() + 60_000;
  for (;;) {
    const { rows } = await morning.pool.query("select count(*) as n from deliveries where state = $1", [state]);
    if (Number(rows[0]?.["n"]) === 3) return;
    if (performance.now() > end) throw new Error(`not ${state}: ${JSON.stringify(await morning.deliveries())}`);
    await new Promise((done) => setTimeout(done, 50));
  }
};

import { expect, test } from "vitest";
import { openMorning, untilAll } from "../support/morning.ts";
import { fileWith, only, rowsOf } from "../support/outbox.ts";

const names = ["stays", "stopped", "suppressed", "moved", "narrowed", "gone", "paused", "copied"];
const people = ["email,name,region", ...names.map((name) => `${name}@example.com,${name},North`)].join("\n");

test("what changes between the drawing and the sending counts: nobody is mailed who should not be, nor at the old address", async () => {
  await using morning = await openMorning({ people });
  const { pool } = morning;
  await morning.makeDue();
  const writing = morning.begin(["tick", "render", "write"]);
  await untilAll(morning, "composed");
  await writing.stop();
  expect(await morning.emails()).toEqual([]);

  const id = (name: string) => `(select id from recipients where key = '${name}@example.com')`;
  await pool.query(`update subscriptions set active = false where recipient_id = ${id("stopped")}`);
  await pool.query(
    "insert into suppressions (email, reason) values ('suppressed@example.com', 'asked to be left alone')",
  );
  await pool.query("update recipients set email = 'new.address@example.com' where key = 'moved@example.com'");
  await pool.query(`update subscriptions set filters = '{"Region": ["South"]}' where recipient_id = ${id("narrowed")}`);
  await pool.query("update recipients set active = false where key = 'gone@example.com'");
  await pool.query("update recipients set paused_until = '2026-11-20' where key = 'paused@example.com'");
  await pool.query(
    `insert into copies (recipient_id, kind, email) values (${id("copied")}, 'instead', 'stand.in@example.com')`,
  );

  const work = morning.begin();
  await morning.closed();
  await work.stop();

  const emails = await morning.emails();
  expect(emails.flatMap(({ to, cc }) => [...to, ...cc]).sort()).toEqual([
    "narrowed@example.com",
    "new.address@example.com",
    "stand.in@example.com",
    "stays@example.com",
  ]);
  const regions = (address: string) => [
    ...new Set(rowsOf(fileWith(only(emails, address), "csv").bytes).map((row) => row["Region"])),
  ];
  expect(regions("narrowed@example.com")).toEqual(["South"]);
  expect(regions("new.address@example.com")).toEqual(["North"]);
  expect(
    (await morning.deliveries()).map(({ recipientName, state, reason }) => [recipientName, state, reason]),
  ).toEqual([
    ["copied", "superseded", expect.stringContaining("address changed")],
    ["copied", "sent", null],
    ["gone", "skipped", "the recipient is no longer active"],
    ["moved", "superseded", expect.stringContaining("address changed")],
    ["moved", "sent", null],
    ["narrowed", "superseded", expect.stringContaining("filters changed")],
    ["narrowed", "sent", null],
    ["paused", "skipped", "paused until 2026-11-20"],
    ["stays", "sent", null],
    ["stopped", "skipped", expect.stringContaining("the subscription")],
    ["suppressed", "skipped", expect.stringContaining("asked to be left alone")],
  ]);
});

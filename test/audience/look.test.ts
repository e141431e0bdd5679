import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { lookAgain } from "#audience/look.ts";
import type { Delivery } from "#model/delivery.ts";
import { nominal } from "../support/audience.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { reportNamed } from "../support/reports.ts";

let database: TestDatabase;
let recipientId: string;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

beforeEach(async () => {
  await database.pool.query("truncate recipients, subscriptions, copies, suppressions restart identity cascade");
  const { rows } = await database.pool.query(
    "insert into recipients (key, name, email, attributes) values ('a', 'Anna', 'a@example.com', '{\"region\": \"North\"}') returning id",
  );
  recipientId = String(rows[0]?.["id"]);
  await database.pool.query("insert into subscriptions (report, recipient_id) values ('sales', $1)", [recipientId]);
});

const frozen = (change: Partial<Delivery> = {}): Delivery => ({
  id: "1",
  slotId: "1",
  occasion: "slot:1",
  report: "sales",
  version: "v",
  recipientId,
  recipientName: "Anna",
  label: "",
  envelope: { to: "a@example.com", toName: "Anna", cc: [], bcc: [] },
  filters: { Region: ["North"] },
  parts: [{ report: "sales", view: "summary", filters: { Region: ["North"] }, heading: null, renderId: "1" }],
  formats: ["png"],
  locale: "en-GB",
  zone: "Europe/Berlin",
  nominal,
  expiresAt: nominal.add({ hours: 12 }),
  trial: false,
  state: "composed",
  reason: null,
  attempts: 0,
  notBefore: null,
  deadline: null,
  ...change,
});

const look = (delivery: Delivery, mode: "trial" | "live" = "live") =>
  lookAgain(database.pool, {
    delivery,
    known: { report: reportNamed("sales"), version: "v", mode },
    zone: "Europe/Berlin",
    holidays: {},
  });

test("an unchanged row lets the email go", async () => {
  expect(await look(frozen())).toEqual({ verdict: "still" });
});

test.each([
  ["whoever was deactivated", "update recipients set active = false", /no longer active/],
  ["whoever was paused", "update recipients set paused_until = '2026-12-31'", /paused until/],
  ["whoever stopped the report", "update subscriptions set active = false", /not active/],
  ["whoever has no subscription any more", "delete from subscriptions", /has ended/],
  ["a suppressed address", "insert into suppressions values ('a@example.com', 'complained')", /suppressed: complained/],
])("%s gets nothing, though the email was written", async (_, sql, reason) => {
  await database.pool.query(sql);
  expect(await look(frozen())).toMatchObject({ verdict: "skip", reason: expect.stringMatching(reason) });
});

test.each([
  ["other filters", 'update recipients set attributes = \'{"region": "South"}\'', /filters changed/],
  ["another address", "update recipients set email = 'b@example.com'", /address changed/],
  [
    "a new copy",
    "insert into copies (recipient_id, kind, email) select id, 'cc', 'c@example.com' from recipients",
    /address changed/,
  ],
])("%s are planned anew", async (_, sql, reason) => {
  await database.pool.query(sql);
  expect(await look(frozen())).toMatchObject({ verdict: "anew", reason: expect.stringMatching(reason) });
});

test("a report that was put back into trial sends nothing more to its audience, and its trial mail goes on", async () => {
  expect(await look(frozen(), "trial")).toMatchObject({ verdict: "skip" });
  expect(await look(frozen({ trial: true }), "trial")).toEqual({ verdict: "still" });
});

const asked = (change: Partial<Delivery> = {}) => frozen({ occasion: "request:x", slotId: null, ...change });
const elsewhere = { to: "me@example.com", toName: null, cc: [], bcc: [] };

test("what an operator asked for goes out whatever the date is, and to another mailbox whatever stops the person's own", async () => {
  await database.pool.query("update recipients set paused_until = '2026-12-31'");
  expect(await look(asked())).toEqual({ verdict: "still" });
  await database.pool.query("update recipients set active = false");
  await database.pool.query("insert into suppressions values ('a@example.com', 'complained')");
  expect(await look(asked({ envelope: elsewhere }))).toEqual({ verdict: "still" });
});

test.each([
  ["whoever was deactivated since", "update recipients set active = false", /no longer active/],
  ["whoever has no subscription any more", "delete from subscriptions", /has ended/],
  ["whose rows changed", 'update recipients set attributes = \'{"region": "South"}\'', /filters changed.*ask again/],
  ["whose address changed", "update recipients set email = 'b@example.com'", /address changed.*ask again/],
  ["a suppressed address", "insert into suppressions values ('a@example.com', 'complained')", /suppressed/],
])("%s gets nothing of what an operator asked for before, and is told as skipped", async (_, sql, reason) => {
  await database.pool.query(sql);
  expect(await look(asked())).toMatchObject({ verdict: "skip", reason: expect.stringMatching(reason) });
});

test("what is shown to another mailbox is what the person may see now", async () => {
  await database.pool.query('update recipients set attributes = \'{"region": "South"}\'');
  expect(await look(asked({ envelope: elsewhere }))).toMatchObject({ verdict: "skip" });
});

test("a copy that is suppressed since doesn't go out with the person's email", async () => {
  await database.pool.query("insert into suppressions values ('c@example.com', 'complained')");
  await database.pool.query(
    "insert into copies (recipient_id, kind, email) select id, 'cc', 'c@example.com' from recipients",
  );
  const envelope = { to: "a@example.com", toName: "Anna", cc: ["c@example.com"], bcc: [] };
  expect(await look(asked({ envelope }))).toMatchObject({
    verdict: "skip",
    reason: expect.stringMatching(/c@example/),
  });
});

test("dates are those of the slot's zone, though where the recipient lives it is still the day before", async () => {
  await database.pool.query("update subscriptions set start = '2026-11-20'");
  expect(await look(frozen({ zone: "Pacific/Honolulu" }))).toEqual({ verdict: "still" });
});

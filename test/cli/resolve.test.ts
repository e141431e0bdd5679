import { afterAll, beforeAll, expect, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { deliveryById } from "#store/deliveries.ts";
import { putMailEvent } from "#store/mail-events.ts";
import { putDeliveries } from "#store/owed.ts";
import { putRecipient } from "#store/people.ts";
import { reportByName } from "#store/reports.ts";
import { attemptsOf } from "#store/sends.ts";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
reports:
  sales: { view: A/B, at: weekdays 07:00, filter: { Region: region } }
`;

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
let world: World;
let recipientId: string;
let count = 0;

beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml });
  await world.run(["trial", "sales"]);
  const open = { locale: null, zone: null, calendar: null, origin: null };
  const anna = { key: "anna", kind: "person", name: "Anna", email: "anna@example.com" } as const;
  recipientId = await putRecipient(world.database.pool, { ...anna, ...open });
});
afterAll(() => world[Symbol.asyncDispose]());

/** A delivery whose try nobody answered. */
const uncertain = async (): Promise<string> => {
  count += 1;
  const { pool } = world.database;
  const known = await reportByName(pool, "sales");
  const draft = {
    ...{
      report: "sales",
      recipientId,
      recipientName: "Anna",
      label: "",
      locale: "en",
      zone: "Europe/Berlin",
      nominal: now,
    },
    envelope: { to: "anna@example.com", toName: "Anna", cc: [], bcc: [] },
    ...{
      filters: { Region: ["North"] },
      formats: ["png" as const],
      expiresAt: now.add({ hours: 12 }),
      trial: true,
      parts: [],
      skip: null,
    },
  };
  const facts = { slotId: null, occasion: `request:${count}`, version: known?.version ?? "", renderIds: [], now };
  const [id = ""] = await putDeliveries(pool, [{ draft, ...facts }]);
  for (const to of ["drawn", "proven", "composed", "sending", "uncertain"]) {
    const more = to === "sending" ? ", attempts = 1, owner = 'x', deadline = now()" : ", reason = 'no answer'";
    await pool.query(`update deliveries set state = $2 ${more} where id = $1`, [id, to]);
  }
  await pool.query(
    "insert into attempts (delivery_id, n, owner, started_at, outcome) values ($1, 1, 'x', now(), 'unknown')",
    [id],
  );
  return id;
};

const audited = async (id: string) => {
  const { rows } = await world.database.pool.query(
    `select actor, before, after from audit where "table" = 'deliveries' and row_id = $1`,
    [id],
  );
  return rows;
};

test.each([
  ["--sent", "sent", /counts as sent to anna@example\.com/],
  ["--resend", "composed", /goes out to anna@example\.com again; if it had arrived, it arrives twice/],
  ["--failed", "failed", /counts as failed/],
] as const)("deliveries resolve %s ends the uncertainty, and who decided it is kept", async (option, state, words) => {
  const id = await uncertain();
  const ran = await world.run(["deliveries", "resolve", id, option, "--reason", "asked Anna", "--late"]);
  expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(words) });
  const delivery = await deliveryById(world.database.pool, id);
  expect(delivery).toMatchObject({ state, reason: expect.stringMatching(/^\S.*: asked Anna$/) });
  expect(await audited(id)).toEqual([
    { actor: expect.stringMatching(/^\S+/), before: { state: "uncertain" }, after: { state, reason: "asked Anna" } },
  ]);
  expect(await attemptsOf(world.database.pool, id)).toMatchObject([{ outcome: "unknown" }]);
});

test("one that has expired goes out again only when somebody says so", async () => {
  const id = await uncertain();
  const ran = await world.run(["deliveries", "resolve", id, "--resend", "--reason", "not there"]);
  expect(ran).toMatchObject({ code: 2, err: expect.stringMatching(/it expired at .*--late/s) });
  expect(await deliveryById(world.database.pool, id)).toMatchObject({ state: "uncertain" });
});

test("only an uncertain delivery is resolved, once, with one verdict and a reason", async () => {
  const id = await uncertain();
  const run = (...words: string[]) => world.run(["deliveries", "resolve", id, ...words]);
  expect(await run("--reason", "x")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--sent, --resend and --failed/),
  });
  expect(await run("--sent", "--failed", "--reason", "x")).toMatchObject({ code: 2 });
  expect(await run("--sent", "--reason", " ")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/reason is needed/),
  });
  expect(await run("--sent", "--reason", "x")).toMatchObject({ code: 0 });
  expect(await run("--resend", "--reason", "x")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/only an uncertain one/),
  });
  expect(await audited(id)).toHaveLength(1);
});

test("deliveries show tells what came back about an email", async () => {
  const id = await uncertain();
  const event = {
    key: `bounce ${id}`,
    deliveryId: id,
    kind: "bounced",
    email: "anna@example.com",
    words: "550 5.1.1 no such user",
    at: now,
  } as const;
  await putMailEvent(world.database.pool, event);
  const { out } = await world.run(["deliveries", "show", id]);
  expect(out).toMatch(/told +.*bounced anna@example\.com: 550 5\.1\.1 no such user/);
});

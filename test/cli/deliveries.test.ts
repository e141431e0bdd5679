import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { DeliveryState } from "#model/delivery.ts";
import { Temporal } from "#model/time.ts";
import { moveDelivery, putProofs } from "#store/deliveries.ts";
import { putDeliveries, wantRenders } from "#store/owed.ts";
import { putRecipient } from "#store/people.ts";
import { reportByName } from "#store/reports.ts";
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
  recipientId = await putRecipient(world.database.pool, {
    key: "anna",
    kind: "person",
    name: "Anna",
    email: "anna@example.com",
    ...open,
  });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  count += 1;
});

const ways: Readonly<Partial<Record<DeliveryState, readonly DeliveryState[]>>> = {
  planned: [],
  quarantined: ["drawn", "quarantined"],
  failed: ["failed"],
  composed: ["drawn", "proven", "composed"],
  sent: ["drawn", "proven", "composed", "sent"],
};

/** A delivery of its own that has come as far as `state`. */
const put = async (state: DeliveryState): Promise<string> => {
  const { pool } = world.database;
  const known = await reportByName(pool, "sales");
  const [view] = known?.report.views ?? [];
  if (known === null || view === undefined) throw new Error("the report was not published");
  const request = {
    key: `render ${count}`,
    version: known.version,
    view,
    filters: { Region: ["North"] },
    locale: "en",
    zone: "UTC",
  };
  const nominal = now.toString();
  const wanted = await wantRenders(pool, [{ ...request, formats: ["png"], nominal, elements: [] }]);
  const [renderId = ""] = wanted.values();
  const draft = {
    report: "sales",
    recipientId,
    recipientName: "Anna",
    label: "",
    envelope: { to: "anna@example.com", toName: "Anna", cc: [], bcc: [] },
    filters: { Region: ["North"] },
    formats: ["png" as const],
    locale: "en",
    zone: "Europe/Berlin",
    nominal: now,
    expiresAt: now.add({ hours: 12 }),
    trial: true,
    parts: [{ report: "sales", view: view.name, filters: { Region: ["North"] }, heading: null }],
    skip: null,
  };
  const facts = { slotId: null, occasion: `request:${count}`, version: known.version, renderIds: [renderId], now };
  const [id = ""] = await putDeliveries(pool, [{ draft, ...facts }]);
  let from: DeliveryState = "planned";
  for (const to of ways[state] ?? []) {
    if (to === "sent")
      await pool.query("update deliveries set state = 'sending', owner = 'x', deadline = now() where id = $1", [id]);
    await moveDelivery(pool, {
      id,
      from: to === "sent" ? "sending" : from,
      to,
      reason: `because ${count}`,
      finishedAt: now,
    });
    from = to;
  }
  return id;
};

const stateOf = async (id: string): Promise<unknown> =>
  (await world.database.pool.query("select state from deliveries where id = $1", [id])).rows[0]?.["state"];

test("deliveries are listed by state, and an unknown state or report is wrong", async () => {
  const id = await put("quarantined");
  const { out } = await world.run(["deliveries", "list", "--state", "quarantined"]);
  expect(out).toMatch(
    new RegExp(`^id .*\n *${id} +Fri 2026-11-20 07:00 +sales \\(trial\\) +Anna +Region: North +quarantined +because`),
  );
  expect((await world.run(["deliveries", "list", "--state", "expired"])).out).toBe("There are none.\n");
  expect(await world.run(["deliveries", "list", "--state", "lost"])).toMatchObject({ code: 2 });
  expect(await world.run(["deliveries", "list", "--report", "sale"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("did you mean “sales”?"),
  });
});

test("show tells a quarantined delivery's whole way, the evidence and what to do", async () => {
  const id = await put("quarantined");
  await putProofs(world.database.pool, id, {
    proofs: [{ part: 0, format: "png", verdict: "mismatch", evidence: ["The page asked for “South”."] }],
    drawings: [],
  });
  const { code, out } = await world.run(["deliveries", "show", id]);
  expect(code).toBe(0);
  expect(out).toContain(`Delivery ${id}: “sales” to Anna\nIt is quarantined: because ${count}\n`);
  expect(out).toContain("planned   Fri 2026-11-20 07:00 Europe/Berlin: an operator asked for it");
  expect(out).toMatch(/proof {5}png: mismatch\n {10}The page asked for “South”\./);
  expect(out).toContain(`→ let it go or end it: daybreak deliveries release ${id}`);
});

test("a quarantined delivery is released with a reason that is kept", async () => {
  const id = await put("quarantined");
  expect(await world.run(["deliveries", "release", id])).toMatchObject({
    code: 2,
    err: expect.stringContaining("--reason"),
  });
  const { code, out } = await world.run(["deliveries", "release", id, "--reason", "seen by hand"]);
  expect(code).toBe(0);
  expect(out).toBe(`✓ Delivery ${id} goes out to anna@example.com; a running daemon sends it.\n`);
  expect(await stateOf(id)).toBe("proven");
  const { rows } = await world.database.pool.query("select released_by from deliveries where id = $1", [id]);
  expect(rows[0]?.["released_by"]).toMatch(/^cli:.+: seen by hand$/);
});

test("a delivery that is written but not sent can be discarded", async () => {
  const id = await put("composed");
  expect(await world.run(["deliveries", "discard", id, "--reason", "wrong month"])).toMatchObject({ code: 0 });
  expect(await stateOf(id)).toBe("discarded");
});

test("a failed delivery is tried again from its picture, after it has expired only when somebody says so", async () => {
  const id = await put("failed");
  const refused = await world.run(["deliveries", "retry", id]);
  expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/it expired at .*--late/s) });
  expect(await stateOf(id)).toBe("failed");
  const { code, out } = await world.run(["deliveries", "retry", id, "--late"]);
  expect(code).toBe(0);
  expect(out).toContain("begins again from the picture");
  expect(await stateOf(id)).toBe("planned");
});

test("verbs that a state doesn't allow are refused in a sentence, and change nothing", async () => {
  const sent = await put("sent");
  const cases = [
    [["retry", sent], `✗ Delivery ${sent} can't be tried again: it was sent.`],
    [["release", sent, "--reason", "x"], `✗ Delivery ${sent} can't be released: it was sent.`],
    [["discard", sent, "--reason", "x"], `✗ Delivery ${sent} can't be discarded: it was sent.`],
  ] as const;
  for (const [words, sentence] of cases) {
    const { code, err } = await world.run(["deliveries", ...words]);
    expect(err).toContain(sentence);
    expect(code).toBe(2);
  }
  expect(await stateOf(sent)).toBe("sent");
});

test("a delivery that there isn't is named, whatever was written", async () => {
  for (const id of ["999999", "abc", "1; drop table deliveries", "99999999999999999999999"]) {
    const { code, err } = await world.run(["deliveries", "show", id]);
    expect(code).toBe(1);
    expect(err).toContain(`✗ There is no delivery “${id}”.`);
  }
});

test("a list for programs is JSON", async () => {
  const { out } = await world.run(["deliveries", "list", "--json", "--limit", "2"]);
  expect(JSON.parse(out)).toHaveLength(2);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { Temporal } from "#model/time.ts";
import { reportByName } from "#store/reports.ts";
import { putSlot } from "#store/slots.ts";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
reports:
  sales: { view: A/B, at: weekdays 07:00, filter: { Region: region } }
`;

let world: World;
let day = 0;

beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml });
  await world.run(["trial", "sales"]);
});
afterAll(() => world[Symbol.asyncDispose]());

/** A slot that the audience guard has paused. */
const paused = async (): Promise<string> => {
  const { pool } = world.database;
  day += 1;
  const nominal = Temporal.Instant.from("2026-11-01T06:00:00Z").add({ hours: 24 * day });
  const version = (await reportByName(pool, "sales"))?.version ?? "";
  const open = { report: "sales", version, schedule: "weekdays 07:00", zone: "Europe/Berlin", skipped: null };
  await putSlot(pool, { ...open, nominal, due: nominal, expiresAt: nominal.add({ hours: 12 }) });
  const { rows } = await pool.query("update slots set state = 'ready' where state = 'due' returning id");
  const id = String(rows[0]?.["id"]);
  await pool.query("update slots set state = 'paused', reason = 'the audience changed from 80 to 12' where id = $1", [
    id,
  ]);
  return id;
};

test("a paused slot is listed with its reason and let go on with one that is kept", async () => {
  const id = await paused();
  const { out } = await world.run(["slots", "list", "--report", "sales"]);
  expect(out).toMatch(
    new RegExp(`${id} +\\w{3} 2026-11-02 07:00 +Europe/Berlin +sales +paused +the audience changed from 80 to 12`),
  );
  const released = await world.run(["slots", "release", id, "--reason", "a team left"]);
  expect(released).toMatchObject({
    code: 0,
    out: `✓ Slot ${id} of “sales” goes on; a running daemon does the rest.\n`,
  });
  const [{ slot }] = JSON.parse((await world.run(["slots", "list", "--json"])).out);
  expect(slot).toMatchObject({
    state: "ready",
    reason: expect.stringMatching(/^the audience changed from 80 to 12 \(cli:.+: a team left\)$/),
  });
});

test("a paused slot is ended, and only a paused one can be", async () => {
  const id = await paused();
  expect(await world.run(["slots", "skip", id, "--reason", "half a list"])).toMatchObject({ code: 0 });
  const again = await world.run(["slots", "release", id, "--reason", "no"]);
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining(`✗ Slot ${id} isn't paused: it is skipped.`) });
  expect(await world.run(["slots", "skip", "777", "--reason", "x"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("There is no slot “777”."),
  });
});

test("whom an operator has made inactive is sent nothing, even by name, but for another address", async () => {
  const people = "email,name,region\nanna@example.com,Anna,North\n";
  await world.write("people.csv", people);
  await world.run(["recipients", "import", "people.csv", "--report", "sales"]);
  await world.database.pool.query("update recipients set active = false");
  const send = ["send", "sales", "--as", "anna@example.com", "--dry-run"];
  expect((await world.run(send)).out).toMatch(/Anna +skipped .*the recipient is inactive/);
  expect((await world.run([...send, "--deliver-to", "me@example.com"])).out).toMatch(/Anna +me@example.com/);
});

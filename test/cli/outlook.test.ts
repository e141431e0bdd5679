import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const inTwoDays = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: Europe/Berlin
calendars:
  company: { days: { "${inTwoDays}": Company outing } }
reports:
  daily-sales:
    view: Sales/Daily
    at: { at: daily 07:00, calendar: company }
    to: people.csv
    filter: { Region: region }
    split: sections
`;

const people = `email,name,region,zone
anna@example.com,Anna,North,
ingrid@example.com,Ingrid,North,
ingrid@example.com,Ingrid,East,
haruka@example.com,佐藤 春香,日本,Asia/Tokyo
mia@example,Mia,East,
tom@example.com,Tom,,
zoe@example.com,Zoe,West,Mars/Olympus
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml, "people.csv": people });
});
afterAll(() => world[Symbol.asyncDispose]());

test("the plan names who gets what, who doesn't and why", async () => {
  const { code, out } = await world.run(["plan", "daily-sales", "--next", "2"]);
  expect(code).toBe(0);
  expect(out).toContain("daily-sales  in trial");
  expect(out).toMatch(/07:00 +Europe\/Berlin +in \d+ (min|h) /);
  expect(out).toMatch(/Anna +anna@example.com +Region: North +png +daily\n/);
  expect(out).toMatch(/Ingrid +ingrid@example.com +Region: North, East +png +daily \(North, East\)/);
  expect(out).toMatch(/Mia +skipped +the address “mia@example” can't be used/);
  expect(out).toMatch(/Tom +skipped +the person's row has no value in “region”, which filter “Region” needs/);
  expect(out).toMatch(/Zoe +skipped +.*zone “Mars\/Olympus” isn't known/);
});

test("a free day is shown as skipped, with its name", async () => {
  const { out } = await world.run(["plan", "--next", "4"]);
  expect(out).toMatch(new RegExp(`${inTwoDays} 07:00 +Europe/Berlin +skipped .*Company outing`));
});

test("looking writes nothing: no person, no report, no slot", async () => {
  for (const table of ["recipients", "subscriptions", "reports", "slots", "deliveries"]) {
    const { rows } = await world.database.pool.query(`select count(*)::int as n from ${table}`);
    expect(rows[0]?.["n"], table).toBe(0);
  }
});

test("for programs the plan is JSON with every reason in it", async () => {
  const { out } = await world.run(["plan", "--json"]);
  const [outlook] = JSON.parse(out);
  expect(outlook).toMatchObject({ report: "daily-sales", mode: "trial" });
  expect(outlook.audience.map((draft: { recipientName: string }) => draft.recipientName)).toEqual(
    expect.arrayContaining(["Anna", "Ingrid", "佐藤 春香", "Mia", "Tom", "Zoe"]),
  );
});

test("an unknown report is refused with the nearest name", async () => {
  const { code, err } = await world.run(["plan", "daily-sale"]);
  expect(code).toBe(1);
  expect(err).toBe("✗ There is no report “daily-sale”.\n  → did you mean “daily-sales”?\n");
});

test("a list that can't be read is a fault that names the file", async () => {
  await world.write("people.csv", "name,region\nAnna,North\n");
  const { code, err } = await world.run(["plan"]);
  expect(code).toBe(1);
  expect(err).toContain("✗ people.csv has no column “email”; it has “name”, “region”.");
  await world.write("people.csv", people);
});

test("whom an operator has deactivated is shown as inactive", async () => {
  await world.database.pool.query(
    "insert into recipients (key, email, name, active) values ('anna@example.com', 'anna@example.com', 'Anna', false)",
  );
  const { out } = await world.run(["plan"]);
  expect(out).toMatch(/Anna +inactive +the recipient is inactive/);
  expect(out).not.toMatch(/Anna +anna@example.com/);
});

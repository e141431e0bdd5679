import { afterAll, beforeAll, expect, test } from "vitest";
import { withListing } from "#actions/roster.ts";
import { readCsvList } from "#audience/import.ts";
import { keepListing } from "#audience/lists.ts";
import { peopleOf } from "#store/people.ts";
import { testClock } from "../support/clock.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const clock = testClock("2026-11-20T06:00:00Z");
const listing = (text: string) => readCsvList(new TextEncoder().encode(text), "people.csv");

/** Everything of the people that decides about deliveries, without the numbers of rows. */
const essence = (people: Awaited<ReturnType<typeof peopleOf>>) => {
  const keys = new Map(people.recipients.map((one) => [one.id, one.key]));
  return {
    recipients: people.recipients
      .filter((one) => people.subscriptions.some((sub) => sub.recipientId === one.id && sub.active))
      .map(({ id: _, ...rest }) => rest)
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
    subscriptions: people.subscriptions
      .filter((one) => one.active)
      .map(({ id: _, recipientId, ...rest }) => ({ ...rest, who: keys.get(recipientId ?? "") }))
      .sort((a, b) => ((a.who ?? "") < (b.who ?? "") ? -1 : 1)),
  };
};

const steps = [
  [
    "the first reading",
    "email,name,region,zone\nanna@example.com,Anna,North,Europe/Berlin\nben@example.com,Ben,South,\nben@example.com,Ben,East,\n",
  ],
  [
    "a changed name and a left-open zone",
    "email,name,region\nanna@example.com,Anna B.,East\nben@example.com,Ben,South\n",
  ],
  ["one who has left", "email,name,region\nanna@example.com,Anna B.,East\n"],
  [
    "one whose row can't be read",
    "email,name,region\nanna@example.com,Anna B.,East,too,many,cells\ncara@example.com,Cara,West\n",
  ],
  ["one who comes back", "email,name,region,filters\nben@example.com,Ben,South,\nanna@example.com,Anna,,all\n"],
] as const;

test("looking at a list shows what reading it makes of the tables, step by step", async () => {
  for (const [step, text] of steps) {
    const foreseen = withListing(await peopleOf(database.pool, ["sales"]), "sales", listing(text));
    await keepListing({ name: "sales" }, listing(text), { pool: database.pool, clock });
    const made = await peopleOf(database.pool, ["sales"]);
    expect(essence(foreseen), step).toEqual(essence(made));
  }
});

test("whom an operator has deactivated stays so, however often the list names them", async () => {
  await database.pool.query("update recipients set active = false where key = 'anna@example.com'");
  const text = "email,name,region\nanna@example.com,Anna,North\n";
  const foreseen = withListing(await peopleOf(database.pool, ["sales"]), "sales", listing(text));
  expect(foreseen.recipients.find((one) => one.key === "anna@example.com")?.active).toBe(false);
});

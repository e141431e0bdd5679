import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openWorld, type World } from "../cli/world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: Europe/Berlin
reports:
  sales: { view: A/B, at: weekdays 07:00, to: people.csv }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({
    "daybreak.yaml": yaml,
    "people.csv": "email,name,zone\nanna@example.com,Anna,\nhana@example.com,Hana,Asia/Tokyo\n",
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const zones = async (): Promise<readonly unknown[]> =>
  (await world.database.pool.query("select zone from schedules where report = 'sales' order by zone")).rows.map(
    (row) => row["zone"],
  );

test("a list that was never read makes the first schedule, in each zone of its people", async () => {
  const daemon = world.begin(["start", "--roles", "tick"]);
  await vi.waitFor(async () => expect(await zones()).toEqual(["Asia/Tokyo", "Europe/Berlin"]), 20_000);
  daemon.signal("SIGTERM");
  expect((await daemon.ended).code).toBe(0);
});

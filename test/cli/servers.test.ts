import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample, concurrency: 3 }
zone: Europe/Berlin
reports:
  sales: { view: A/B, at: weekdays 07:00, to: people.csv }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml, "people.csv": "email,name\nanna@example.com,Anna\n" });
});
afterAll(() => world[Symbol.asyncDispose]());

test("a server rests until a time, says so in the list and in the plan, and is taken back", async () => {
  expect((await world.run(["servers", "list"])).out).toMatch(/none yet/);
  expect((await world.run(["live", "sales"])).code).toBe(0);
  expect((await world.run(["servers", "list"])).out).toMatch(/main +in use +3 +0 +0/);
  expect(await world.run(["servers", "pause", "main", "--until", "2h"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/“main” rests until .* \(Europe\/Berlin\); 0 drawings wait/),
  });
  expect((await world.run(["servers", "list"])).out).toMatch(/main +paused +\w{3} 20/);
  expect((await world.run(["plan"])).out).toMatch(/“main” rests until .*: what is to be drawn there waits/);
  expect(JSON.parse((await world.run(["servers", "list", "--json"])).out)).toMatchObject([{ name: "main" }]);
  expect((await world.run(["servers", "resume", "main"])).out).toMatch(/in use again/);
  expect((await world.run(["servers", "resume", "main"])).out).toMatch(/wasn't paused/);
  const { rows } = await world.database.pool.query(
    `select actor, action from audit where "table" = 'servers' order by id`,
  );
  expect(rows.map(({ actor, action }) => [String(actor).split(":")[0], action])).toEqual([
    ["daybreak", "insert"],
    ["cli", "update"],
    ["cli", "update"],
  ]);
});

test("a server that there isn't, and a time that is past or no time, are refused with what to write", async () => {
  await world.run(["live", "sales"]);
  expect((await world.run(["servers", "pause", "mian", "--until", "2h"])).err).toMatch(/did you mean “main”/);
  expect(await world.run(["servers", "pause", "main", "--until", "2020-01-01"])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/write 08:30/),
  });
});

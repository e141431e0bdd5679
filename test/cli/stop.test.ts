import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: Europe/Berlin
reports:
  sales: { view: A/B, at: weekdays 07:00, to: people.csv, bundle: morning }
  stock: { view: A/C, at: weekdays 07:00, to: people.csv, bundle: morning }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml, "people.csv": "email,name\nanna@example.com,Anna\n" });
  expect((await world.run(["live", "sales"])).code).toBe(0);
});
afterAll(() => world[Symbol.asyncDispose]());

test("a report is stopped, which whoever starts a daemon is told, and let go on", async () => {
  const stopped = await world.run(["stop", "sales", "--reason", "wrong rates"]);
  expect(stopped).toMatchObject({ code: 0, out: expect.stringMatching(/“sales” is stopped; 0 emails held back/) });
  expect(await world.run(["stop", "sales"])).toMatchObject({ code: 2, err: expect.stringMatching(/stopped already/) });
  const daemon = world.begin(["start"]);
  await vi.waitFor(() => expect(daemon.err()).toContain("Daybreak runs."), 20_000);
  expect(`${daemon.out()}${daemon.err()}`).toMatch(/“sales” is stopped \(.*: wrong rates\).*daybreak resume sales/);
  daemon.signal("SIGTERM");
  expect((await daemon.ended).code).toBe(0);
  expect(await world.run(["resume", "sales"])).toMatchObject({ code: 0 });
  expect(await world.run(["resume", "sales"])).toMatchObject({ code: 2, err: expect.stringMatching(/isn't stopped/) });
});

test("of a report that goes out in another one's email the whole is named, and of a stranger the nearest", async () => {
  expect(await world.run(["stop", "stock"])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/goes out in one email with “sales”[\s\S]*daybreak stop sales/),
  });
  expect(await world.run(["stop", "sale"])).toMatchObject({ err: expect.stringMatching(/did you mean “sales”/) });
  expect(await world.run(["stop", "99"])).toMatchObject({ err: expect.stringMatching(/There is no slot “99”/) });
});

test("a database that is somebody else's is told by check, and commands that would change its reports refuse", async () => {
  await world.database.pool.query("update installation set id = gen_random_uuid()");
  const checked = await world.run(["check", "--offline"]);
  expect(`${checked.out}${checked.err}`).toMatch(/belongs to another installation[\s\S]*daybreak adopt/);
  const sent = await world.run(["send", "sales"]);
  expect(sent).toMatchObject({ code: 1, err: expect.stringMatching(/another installation[\s\S]*adopt --join/) });
  expect(await world.run(["adopt", "--join"])).toMatchObject({ code: 0 });
  expect((await world.run(["plan"])).code).toBe(0);
});

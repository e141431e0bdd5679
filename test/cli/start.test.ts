import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openWorld, type World } from "./world.ts";

const yaml = `server: { url: "http://127.0.0.1:9", kind: sample }
zone: Europe/Berlin
reports:
  sales: { view: A/B, at: weekdays 07:00, to: people.csv }
`;

let world: World;
beforeAll(async () => {
  world = await openWorld({ "daybreak.yaml": yaml, "people.csv": "email,name\nanna@example.com,Anna\n" });
});
afterAll(() => world[Symbol.asyncDispose]());

const reports = async (): Promise<readonly string[]> =>
  (await world.database.pool.query("select name from reports where present order by name")).rows.map((row) =>
    String(row["name"]),
  );

const troubles = async (): Promise<unknown> => {
  const is = "case when recovered_at is null then 'open' else 'over' end as is";
  return (await world.database.pool.query(`select ${is} from alerts where key like 'configuration:%'`)).rows;
};

const connections = async (): Promise<unknown> => {
  const mine = "application_name = 'daybreak' and datname = current_database()";
  return (await world.database.pool.query(`select count(*)::int as n from pg_stat_activity where ${mine}`)).rows[0]?.[
    "n"
  ];
};

test("the daemon says what comes next, takes a new configuration, keeps the last good one, and ends tidily", async () => {
  const daemon = world.begin(["start"]);
  await vi.waitFor(() => expect(daemon.err()).toContain("Daybreak runs."), 20_000);
  expect(daemon.out()).toMatch(/sales +\w{3} 20\d\d-\d\d-\d\d 07:00 +Europe\/Berlin +in .* +weekdays at 07:00 +trial/);
  await world.write("daybreak.yaml", yaml.replace("sales:", "stock:"));
  daemon.signal("SIGHUP");
  await vi.waitFor(async () => expect(await reports()).toEqual(["stock"]), 20_000);
  await world.write("daybreak.yaml", "reports: [");
  daemon.signal("SIGHUP");
  await vi.waitFor(async () => expect(await troubles()).toEqual([{ is: "open" }]), 20_000);
  await world.write("daybreak.yaml", yaml);
  daemon.signal("SIGHUP");
  await vi.waitFor(async () => expect(await reports()).toEqual(["sales"]), 20_000);
  await vi.waitFor(async () => expect(await troubles()).toEqual([{ is: "over" }]), 20_000);
  daemon.signal("SIGTERM");
  expect((await daemon.ended).code).toBe(0);
  await vi.waitFor(async () => expect(await connections()).toBe(0), 5_000);
});

test("while a daemon runs, other commands look and act on the same rows", async () => {
  const daemon = world.begin(["start", "--roles", "tick"]);
  await vi.waitFor(() => expect(daemon.err()).toContain("Daybreak runs."), 20_000);
  expect((await world.run(["live", "sales"])).code).toBe(0);
  expect((await world.run(["deliveries", "list"])).code).toBe(0);
  daemon.signal("SIGINT");
  expect((await daemon.ended).code).toBe(0);
});

test("a role that there isn't is wrong words", async () => {
  expect(await world.run(["start", "--roles", "tick,dance"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("“dance” is none of tick, render, send, backup."),
  });
});

test("a configuration with a mistake isn't started at all", async () => {
  await world.write("bad.yaml", "reports: { sales: { at: never } }");
  expect(await world.run(["start", "-c", "bad.yaml"])).toMatchObject({ code: 1 });
});

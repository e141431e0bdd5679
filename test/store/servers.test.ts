import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { RenderRequest } from "#model/render.ts";
import { later, Temporal } from "#model/time.ts";
import { heldFor, holdTurns, takeTurn } from "#store/budgets.ts";
import { wantRenders } from "#store/owed.ts";
import { leaseRender } from "#store/renders.ts";
import { allServers, knowServers, pausedForSlot, pauseServer, resumeServer } from "#store/servers.ts";
import { takeRenders } from "#store/takeover.ts";
import { aliveWorkers, beatWorker, leaveWorker } from "#store/workers.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { reportNamed } from "../support/reports.ts";

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await database.pool.query("insert into report_versions values ('v', 'sales', '{}', $1)", [now]);
  await database.pool.query(
    `insert into slots (report, version, schedule, zone, nominal, due, expires_at) values ('sales', 'v', 's', 'UTC', now(), now(), now())`,
  );
  await database.pool.query(`insert into recipients (key) select 'p' || n from generate_series(1, 20) n`);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.pool.query("truncate delivery_parts, deliveries, renders, servers, budgets cascade");
});

/** So many wanted renders of a server, each with somebody who waits for it. */
const wantSome = async (server: string, count: number): Promise<void> => {
  const [view] = reportNamed("sales").views;
  if (view === undefined) throw new Error("the report has no view");
  for (let n = 1; n <= count; n += 1) {
    const request: RenderRequest = {
      ...{ key: `${server}${n}`, version: "v", view: { ...view, server }, filters: "all", locale: "en", zone: "UTC" },
      ...{ formats: ["png"], elements: [], nominal: now.toString() },
    };
    const [render = ""] = (await wantRenders(database.pool, [request])).values();
    await database.pool.query(
      `with owed as (insert into deliveries (slot_id, occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key,
         formats, locale, zone, nominal, expires_at, trial)
       select (select id from slots limit 1), $2, 'sales', 'v', (select id from recipients order by id limit 1), 'a', '{}', '"all"', '', '{png}', 'en', 'UTC', now(), now(), false returning id)
       insert into delivery_parts (delivery_id, part, report, view, filters, render_id) select id, 0, 'sales', 'summary', '{}', $1 from owed`,
      [render, `${server}${n}`],
    );
  }
};

const lease = (owner: string, servers: Readonly<Record<string, number>>) =>
  leaseRender(database.pool, { owner, leaseMs: 60_000, now, servers, occasion: null });

test("however many workers ask at once, a server is drawn on as often as its row says, and the lower of two settings counts", async () => {
  await wantSome("main", 12);
  await knowServers(database.pool, { main: 3 }, true);
  const leased = await Promise.all(Array.from({ length: 10 }, (_, n) => lease(`w${n}`, { main: 5 })));
  expect(leased.filter((one) => one !== null)).toHaveLength(3);
  expect(new Set(leased.flatMap((one) => one?.id ?? [])).size).toBe(3);
  await database.pool.query(
    "update renders set state = 'wanted', owner = null, lease_until = null where state = 'drawing'",
  );
  const fewer = await Promise.all(Array.from({ length: 10 }, (_, n) => lease(`w${n}`, { main: 1 })));
  expect(fewer.filter((one) => one !== null)).toHaveLength(1);
});

test("a worker takes nothing of a server that it doesn't know, and a full server keeps nobody from another one", async () => {
  await wantSome("one", 2);
  await wantSome("two", 1);
  await knowServers(database.pool, { one: 1, two: 1 }, true);
  expect(await lease("w", { three: 4 })).toBeNull();
  expect((await lease("w", { one: 1, two: 1 }))?.request.view.server).toBe("one");
  expect((await lease("w", { one: 1, two: 1 }))?.request.view.server).toBe("two");
  expect(await lease("w", { one: 1, two: 1 })).toBeNull();
});

test("a paused server is left alone until its time, is told with its waiting renders, and comes back on a word", async () => {
  await wantSome("main", 2);
  await knowServers(database.pool, { main: 3 }, true);
  const until = later(now, 3_600_000);
  expect(await pauseServer(database.pool, { name: "main", until, by: "anna" })).toBe(true);
  expect(await pauseServer(database.pool, { name: "nobody", until, by: "anna" })).toBe(false);
  expect(await lease("w", { main: 3 })).toBeNull();
  expect(await allServers(database.pool)).toMatchObject([{ name: "main", pausedBy: "anna", drawing: 0, wanted: 2 }]);
  const { rows } = await database.pool.query("select id from slots");
  expect(await pausedForSlot(database.pool, String(rows[0]?.["id"]), now)).toMatchObject([{ name: "main" }]);
  expect(
    await leaseRender(database.pool, {
      owner: "w",
      leaseMs: 1,
      now: later(until, 1),
      servers: { main: 3 },
      occasion: null,
    }),
  ).not.toBeNull();
  expect(await resumeServer(database.pool, "main")).toBe(true);
  expect(await resumeServer(database.pool, "main")).toBe(false);
  expect(await lease("w", { main: 3 })).not.toBeNull();
});

test("a worker's own number doesn't change the one that was published", async () => {
  await knowServers(database.pool, { main: 3 }, true);
  await knowServers(database.pool, { main: 9, other: 2 }, false);
  const known = await allServers(database.pool);
  expect(known.map(({ name, concurrency }) => [name, concurrency])).toEqual([
    ["main", 3],
    ["other", 2],
  ]);
});

test("a render goes to another worker when its own one dies, keeps its tries, and is given up after the third death", async () => {
  await wantSome("main", 1);
  await knowServers(database.pool, { main: 1 }, true);
  const die = async (): Promise<void> => {
    await database.pool.query("update renders set lease_until = now() - interval '1 s'");
  };
  for (const death of [1, 2]) {
    expect(await lease(`w${death}`, { main: 1 })).toMatchObject({ n: death, tries: 1 });
    expect(await takeRenders(database.pool, 3)).toEqual({ again: [], worn: [] });
    await die();
    expect((await takeRenders(database.pool, 3)).again).toHaveLength(1);
  }
  expect(await lease("w3", { main: 1 })).toMatchObject({ n: 3, tries: 1 });
  await die();
  expect((await takeRenders(database.pool, 3)).worn).toHaveLength(1);
  const { rows } = await database.pool.query("select state, reason from renders");
  expect(rows).toEqual([{ state: "faulted", reason: "its worker ended 3 times while drawing it" }]);
});

test("turns of one mailer come one after the other, whoever takes them, and one that is far away isn't taken", async () => {
  const budget = { name: "smtp", perSecond: 10, mostMs: 450 };
  const waits = await Promise.all(Array.from({ length: 8 }, () => takeTurn(database.pool, budget)));
  const taken = waits.filter((one) => one !== null).toSorted((a, b) => a - b);
  expect(taken).toHaveLength(5);
  for (const [n, ms] of taken.entries()) expect(Math.abs(ms - n * 100)).toBeLessThan(60);
  expect(await takeTurn(database.pool, { ...budget, name: "other" })).toBe(0);
});

test("a mailer that asked to be left alone is, by everybody", async () => {
  expect(await heldFor(database.pool, "smtp")).toBe(0);
  await holdTurns(database.pool, "smtp", 60_000);
  await holdTurns(database.pool, "smtp", 1_000);
  expect(await heldFor(database.pool, "smtp")).toBeGreaterThan(55_000);
  expect(await takeTurn(database.pool, { name: "smtp", perSecond: 10, mostMs: 1_000 })).toBeNull();
});

test("who is at work is known while it says so", async () => {
  const worker = { owner: "o", host: "h", pid: 1, roles: ["tick"], servers: ["main"], mailer: "smtp" };
  await beatWorker(database.pool, worker);
  expect(await aliveWorkers(database.pool, 20_000)).toMatchObject([worker]);
  await leaveWorker(database.pool, "o");
  expect(await aliveWorkers(database.pool, 20_000)).toEqual([]);
});

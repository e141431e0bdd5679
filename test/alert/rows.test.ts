import { afterAll, beforeAll, expect, test } from "vitest";
import type { AlertChannel } from "#alert/port.ts";
import { alertsOver, tellDue } from "#alert/run.ts";
import type { Alert } from "#model/alert.ts";
import { recentAlerts } from "#store/alerts.ts";
import { testClock } from "../support/clock.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { keptLog } from "../support/kept-log.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const trouble = (key: string) => ({ key, severity: "critical" as const, subject: `${key} broke`, lines: ["Mend it."] });

/** A channel that is away until it is told to be there; what it took is kept. */
const channel = (name: string) => {
  const took: Alert[] = [];
  let isAway = false;
  const one: AlertChannel = {
    name,
    tell: async (alert) => {
      if (isAway) throw new Error(`${name} is away`);
      took.push(alert);
    },
  };
  return {
    one,
    took,
    told: () => took.map(({ severity, subject }) => `${severity}: ${subject}`),
    go: () => {
      isAway = true;
    },
    come: () => {
      isAway = false;
    },
  };
};

const desk = (...channels: readonly ReturnType<typeof channel>[]) => {
  const clock = testClock("2026-11-20T06:00:00Z");
  const parts = { pool: database.pool, clock, log: keptLog(), channels: channels.map(({ one }) => one) };
  return { clock, parts, alerts: alertsOver(parts) };
};

test("a trouble is told once to each channel however often it is raised, and so is its end", async () => {
  const email = channel("email");
  const slack = channel("slack");
  const { alerts } = desk(email, slack);
  expect(await alerts.raise(trouble("a"))).toBe(true);
  expect(await alerts.raise(trouble("a"))).toBe(false);
  expect(await alerts.recover("a")).toBe(true);
  expect(await alerts.recover("a")).toBe(false);
  for (const one of [email, slack]) expect(one.told()).toEqual(["critical: a broke", "recovered: a broke"]);
  const ids = email.took.map(({ id }) => id);
  expect(ids[0]).toBe(ids[1]);
});

test("of many who raise the same trouble at once one opens it, and it is told once", async () => {
  const email = channel("email");
  const { alerts } = desk(email);
  const opened = await Promise.all(Array.from({ length: 20 }, () => alerts.raise(trouble("b"))));
  expect(opened.filter(Boolean)).toHaveLength(1);
  expect(email.told()).toEqual(["critical: b broke"]);
  await alerts.recover("b");
});

test("a second channel tells it while the first is away, and the first is offered it until it takes it", async () => {
  const email = channel("email");
  const slack = channel("slack");
  const { alerts, parts, clock } = desk(email, slack);
  email.go();
  await alerts.raise(trouble("c"));
  expect([email.told(), slack.told()]).toEqual([[], ["critical: c broke"]]);
  await tellDue(parts);
  expect(parts.log.of("alert.untold")).toHaveLength(1);
  clock.move(16_000);
  await tellDue(parts);
  expect(parts.log.of("alert.untold")).toHaveLength(2);
  email.come();
  clock.move(31_000);
  await tellDue(parts);
  await tellDue(parts);
  expect([email.told(), slack.told()]).toEqual([["critical: c broke"], ["critical: c broke"]]);
  await alerts.recover("c");
});

test("what was over before any channel took it is told afterwards, with how long it was", async () => {
  const email = channel("email");
  const { alerts, parts, clock } = desk(email);
  email.go();
  await alerts.raise(trouble("d"));
  clock.move(600_000);
  await alerts.recover("d");
  email.come();
  clock.move(600_000);
  await tellDue(parts);
  expect(email.took).toMatchObject([
    { severity: "recovered", lines: ["Mend it.", expect.stringMatching(/lasted 10 minutes.*Nobody could be told/)] },
  ]);
});

test("a channel that was away all the time hears nothing of what another has told and is over", async () => {
  const email = channel("email");
  const slack = channel("slack");
  const { alerts, parts, clock } = desk(email, slack);
  email.go();
  await alerts.raise(trouble("e"));
  await alerts.recover("e");
  email.come();
  clock.move(600_000);
  await tellDue(parts);
  expect(email.told()).toEqual([]);
  expect(slack.told()).toEqual(["critical: e broke", "recovered: e broke"]);
});

test("two processes that offer the same alert tell it once; one that died in the middle leaves it to the other", async () => {
  const email = channel("email");
  const first = desk(email);
  email.go();
  await first.alerts.raise(trouble("f"));
  email.come();
  first.clock.move(16_000);
  await Promise.all(Array.from({ length: 10 }, () => tellDue(first.parts)));
  expect(email.told()).toEqual(["critical: f broke"]);
  await first.alerts.recover("f");
  // Dead between the claim and the telling: the claim runs out.
  const other = channel("other");
  const second = desk(other);
  await database.pool.query(
    "with a as (insert into alerts (key, severity, subject, lines, opened_at) values ('g', 'critical', 'g broke', '[]', $1) returning id) insert into alert_tellings (alert_id, kind, channel, not_before) select id, 'opened', 'other', $2 from a",
    ["2026-11-20T06:00:00Z", "2026-11-20T06:01:00Z"],
  );
  await tellDue(second.parts);
  expect(other.told()).toEqual([]);
  second.clock.move(61_000);
  await tellDue(second.parts);
  expect(other.told()).toEqual(["critical: g broke"]);
  await second.alerts.recover("g");
});

test("why a channel failed stands in its row, and nothing is left to tell once all is over", async () => {
  const email = channel("email");
  const { alerts, parts, clock } = desk(email);
  email.go();
  await alerts.raise(trouble("h"));
  const [row] = await recentAlerts(database.pool, 1);
  expect(row?.tellings).toMatchObject([{ channel: "email", isTold: false, words: "email is away", tries: 1 }]);
  email.come();
  clock.move(60_000);
  await tellDue(parts);
  await alerts.recover("h");
  await tellDue(parts);
  const open = await database.pool.query("select key from alerts where settled_at is null and key = 'h'");
  expect(open.rows).toEqual([]);
});

test("a process with other channels, or with none, leaves it to the one that told of a trouble to tell its end", async () => {
  const pager = channel("pager");
  const slack = channel("slack");
  const watcher = desk(pager);
  const [neighbour, deaf] = [desk(slack), desk()];
  await watcher.alerts.raise(trouble("i"));
  await neighbour.alerts.recover("i");
  await tellDue(neighbour.parts);
  await tellDue(deaf.parts);
  await tellDue(watcher.parts);
  expect(pager.told().filter((words) => words.includes("i broke"))).toEqual([
    "critical: i broke",
    "recovered: i broke",
  ]);
  expect(slack.told().filter((words) => words.includes("i broke"))).toEqual([]);
  await tellDue(deaf.parts);
  const open = await database.pool.query("select key from alerts where settled_at is null and key = 'i'");
  expect(open.rows).toEqual([]);
});

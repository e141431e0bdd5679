import { afterAll, beforeAll, expect, test } from "vitest";
import type { Loop } from "#runtime/loop.ts";
import { count } from "#store/gauges.ts";
import { type MetricsParts, metricsRoute, openMetrics, rowGauges } from "#web/metrics.ts";
import { testClock } from "../support/clock.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { keptLog } from "../support/kept-log.ts";

const now = "2026-11-20T06:30:00Z";

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await database.pool.query(rows);
});
afterAll(() => database[Symbol.asyncDispose]());

/** A morning of one report: half an hour old, three emails sent, one under way, one lost; and one open from long ago. */
const rows = `
  insert into report_versions (hash, report, definition, known_since) values ('h', 'sales', '{}', '${now}');
  insert into recipients (key, name, email) select 'r' || n, 'Anna Berg', 'anna.berg' || n || '@example.com' from generate_series(1, 6) n;
  insert into slots (report, version, schedule, zone, nominal, due, expires_at, state)
    values ('sales', 'h', 'daily 07:00', 'Europe/Berlin', '2026-11-20T06:00Z', '2026-11-20T06:00Z', '2026-11-20T18:00Z', 'planned'),
      ('sales', 'h', 'daily 07:00', 'Europe/Berlin', '2026-11-10T06:00Z', '2026-11-10T06:00Z', '2026-11-10T18:00Z', 'closed');
  insert into deliveries (slot_id, occasion, report, version, recipient_id, recipient_name, envelope, filters, filters_key, formats,
      locale, zone, nominal, expires_at, trial, state, reason)
    select case when n < 6 then 1 else 2 end, 'slot:' || n, 'sales', 'h', n, 'Anna Berg', '{}', '{}', '', '{png}', 'en', 'UTC', '${now}', '${now}',
      n = 3, case when n < 4 then 'sent' when n = 5 then 'failed' else 'composed' end, 'anna.berg@example.com is unknown'
    from generate_series(1, 6) n;
  insert into renders (key, version, server, request, state, finished_at)
    values ('a', 'h', 'main', '{}', 'ready', '2026-11-20T06:10Z'), ('b', 'h', 'main', '{}', 'ready', '2026-11-10T06:10Z'),
      ('c', 'h', 'main', '{}', 'wanted', null);
  insert into attempts (delivery_id, n, owner, started_at, finished_at, outcome) values (1, 1, 'w', '${now}', '2026-11-20T06:20Z', 'sent');
  insert into mail_events (key, delivery_id, kind, email, at, seen_at) values ('k', 1, 'bounced', 'anna.berg@example.com', '${now}', '${now}');
  insert into alerts (key, severity, subject, lines, opened_at, recovered_at)
    values ('failed:1', 'critical', 'anna.berg@example.com', '[]', '${now}', null), ('late:2', 'warning', 's', '[]', '${now}', '${now}');
  insert into archives (backup, place, key, date, made_at, state, verified_at, bytes, sha256)
    values ('tableau', 'p', 'k', '2026-11-20', '2026-11-20T01:30Z', 'verified', '2026-11-20T02:00Z', 9, repeat('a', 64)),
      ('tableau', 'p', 'l', '2026-11-20', '2026-11-20T05:30Z', 'made', null, 9, repeat('a', 64));
  insert into drills (backup, key, started_at, finished_at, outcome) values ('tableau', 'k', '${now}', '2026-11-19T06:30Z', 'passed');
  insert into workers (owner, host, pid, roles, servers, mailer) values ('w', 'h', 1, '{tick,send}', '{}', 'smtp');
  insert into budgets (name, next_at) values ('smtp', now() + interval '1 hour');
  insert into servers (name, concurrency, paused_until) values ('main', 2, '2026-11-20T07:00Z');`;

const loop = (name: string): Loop => ({
  name,
  stallMs: 5_000,
  progress: () => ({ lastAt: null, workingSince: null, faultsInARow: 3, silentMs: 1_500 }),
  stop: async () => true,
});

const partsOf = (more: Partial<MetricsParts> = {}): MetricsParts => ({
  count: (what, at) => count(database.pool, what, at),
  backups: ["tableau", "grafana"],
  loops: () => [loop("draw-0")],
  clock: testClock(now),
  log: keptLog(),
  ...more,
});

const ask = async (parts: MetricsParts, metrics = openMetrics({ version: "1.2.3" })): Promise<string> => {
  const answer = await metricsRoute(metrics, parts).request("/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return answer.text();
};

const oursIn = (text: string): readonly string[] =>
  text.split("\n").filter((line) => line.startsWith("daybreak_") && !line.startsWith("daybreak_info"));

test("what is counted are the rows: the last day and all that is under way, by names of the configuration alone", async () => {
  const text = await ask(partsOf());
  const lines = oursIn(text).filter((line) => !line.startsWith("daybreak_budget"));
  expect([...lines].sort()).toEqual([
    'daybreak_alerts_open{severity="critical",kind="failed"} 1',
    'daybreak_archives{backup="tableau",state="made"} 1',
    'daybreak_archives{backup="tableau",state="verified"} 1',
    'daybreak_attempts{outcome="sent"} 1',
    'daybreak_backup_verified_age_seconds{backup="grafana"} +Inf',
    'daybreak_backup_verified_age_seconds{backup="tableau"} 18000',
    "daybreak_database_up 1",
    'daybreak_deliveries{report="sales",state="composed",mode="live"} 2',
    'daybreak_deliveries{report="sales",state="failed",mode="live"} 1',
    'daybreak_deliveries{report="sales",state="sent",mode="live"} 2',
    'daybreak_deliveries{report="sales",state="sent",mode="trial"} 1',
    'daybreak_drill_passed_age_seconds{backup="tableau"} 86400',
    'daybreak_loop_faults_in_a_row{loop="draw-0"} 3',
    'daybreak_loop_silent_seconds{loop="draw-0"} 1.5',
    'daybreak_loop_stall_seconds{loop="draw-0"} 5',
    'daybreak_mail_events{kind="bounced"} 1',
    'daybreak_oldest_due_slot_age_seconds{report="sales"} 1800',
    'daybreak_queue_depth{queue="draw"} 0',
    'daybreak_queue_depth{queue="post"} 2',
    'daybreak_queue_depth{queue="slots"} 1',
    'daybreak_queue_depth{queue="write"} 0',
    'daybreak_renders{server="main",state="ready"} 1',
    'daybreak_renders{server="main",state="wanted"} 1',
    'daybreak_server_paused{server="main"} 1',
    'daybreak_slots{state="planned"} 1',
    'daybreak_workers{role="send"} 1',
    'daybreak_workers{role="tick"} 1',
  ]);
  const wait = /^daybreak_budget_wait_seconds\{budget="smtp"\} (\S+)$/m.exec(text)?.[1];
  expect(Number(wait)).toBeGreaterThan(3_500);
  expect(text).toContain('daybreak_info{version="1.2.3",node="');
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(text).not.toMatch(/@|Anna|anna/);
});

test("with the database away no figure of before is told, the process's own are, and it is logged", async () => {
  const metrics = openMetrics({ version: "1" });
  const log = keptLog();
  let isAway = true;
  const parts = partsOf({
    log,
    count: (what, at) => (isAway ? Promise.reject(new Error("gone")) : count(database.pool, what, at)),
  });
  expect(oursIn(await ask(parts, metrics))).toEqual([
    "daybreak_database_up 0",
    'daybreak_loop_silent_seconds{loop="draw-0"} 1.5',
    'daybreak_loop_stall_seconds{loop="draw-0"} 5',
    'daybreak_loop_faults_in_a_row{loop="draw-0"} 3',
  ]);
  expect(log.of("metrics.uncounted").length).toBe(1);
  isAway = false;
  expect(await ask(parts, openMetrics({ version: "1" }))).toMatch(/^daybreak_database_up 1$/m);
});

test("many who ask at once cost the database one count of each", async () => {
  const metrics = openMetrics({ version: "1" });
  const asked: string[] = [];
  const parts = partsOf({
    count: async (what) => {
      asked.push(what);
      return [];
    },
  });
  await Promise.all(Array.from({ length: 20 }, () => ask(parts, metrics)));
  expect(asked).toEqual(Object.keys(rowGauges));
});

import { expect, test, vi } from "vitest";
import { Temporal } from "#model/time.ts";
import { transaction } from "#store/pool.ts";
import { emailsOf, judge, people, regions, wanted } from "../support/crowd.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { type Morning, openMorning, untilClosed } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

const ticks = process.env["DAYBREAK_LONG"] === "1" ? 100 : 5;

test("two daemons on one database draw each picture once and send each email once", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    people,
    limits: { browsers: 1 },
    report: { owner: "owner@example.com" },
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await morning.makeDue();
  await using first = startDaemon(morning);
  await using second = startDaemon(morning);
  await untilClosed(morning.pool);
  const summaries = () => sink.messages.filter(({ to }) => to.includes("owner@example.com"));
  await vi.waitFor(() => expect(summaries()).toHaveLength(1), { timeout: 10_000 });
  expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0]);
  expect(summaries()).toHaveLength(1);
  const emails = await emailsOf(sink);
  judge(
    "two daemons",
    emails.filter(({ to }) => !to.includes("owner@example.com")),
    [],
  );
  const written = [...first.lines, ...second.lines].filter((line) => line.includes('"delivery.composed"'));
  expect(written).toHaveLength(wanted.length);
  const asked = morning.sample.requests.filter(({ path }) => path.startsWith("/views/") && !path.endsWith(".csv"));
  expect(asked.map(({ query }) => query["Region"]?.join()).toSorted()).toEqual([...regions].sort());
});

/** A schedule whose last time was half an hour ago, and whose next is tomorrow's. */
const halfAnHourAgo = (): string => {
  const { minute, hour } = Temporal.Now.zonedDateTimeISO("UTC").subtract({ minutes: 30 });
  return `${minute} ${hour} * * *`;
};

/** How many lines of an event each process wrote. */
const sharesOf = (daemons: readonly Daemon[], event: string): readonly number[] =>
  daemons.map(({ lines }) => lines.filter((line) => line.includes(`"${event}"`)).length);

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** Processes that want to record a slot and wait for leave to. */
const waitingToRecord = `select distinct pid from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into slots%'`;

/** A time of a report that both have seen as missed before either may record it: then both do, in the same instant. */
const comeDue = ({ pool }: Morning, name: string): Promise<void> =>
  transaction(pool, async (db) => {
    await db.query("lock table slots in share mode");
    await pool.query("update schedules set known_since = known_since - interval '1 h' where report = $1", [name]);
    const waiting = async () => (await pool.query(waitingToRecord)).rows;
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(2), { timeout: 30_000, interval: 20 });
  });

test("two daemons that tick at the same moments make each morning once, and nobody claims what the other has", async () => {
  await using sink = await startSink();
  const names = Array.from({ length: ticks }, (_, n) => `tick-${n}`);
  const at = { cron: halfAnHourAgo() };
  await using morning = await openMorning({
    people: "email,name,region\na@example.com,Anna,North\nb@example.com,Bert,South\n",
    limits: { browsers: 1 },
    reports: Object.fromEntries(names.map((name) => [name, { at, formats: ["csv"] }])),
    config: { zone: "UTC", mail: { from: "bi@example.com", via: sink.url } },
  });
  await using first = startDaemon(morning);
  await using second = startDaemon(morning);
  const both = [first, second];
  const known = async () => (await morning.pool.query("select 1 from schedules where report like 'tick-%'")).rows;
  await vi.waitFor(async () => expect(await known()).toHaveLength(ticks), { timeout: 60_000, interval: 100 });
  const slots = async () => (await morning.pool.query("select report, state from slots")).rows;
  for (const name of names) await comeDue(morning, name);
  await untilClosed(morning.pool, null, 300_000);
  expect(await Promise.all(both.map((one) => one.stop()))).toEqual([0, 0]);
  const emails = await emailsOf(sink);
  const owed = names.flatMap((name) => ["a", "b"].map((who) => `${name} ${who}@example.com`));
  const got = emails.map(({ headers, to }) => `${headers.get("x-daybreak-report")} ${to.join()}`);
  const lost = owed.filter((one) => !got.includes(one));
  const drawn = sharesOf(both, "render.ready");
  const written = sharesOf(both, "delivery.composed");
  console.log(
    `${ticks} ticks of two processes: lost / duplicates / drawn twice / written twice / N: ${lost.length} / ${got.length - new Set(got).size} / ${sumOf(drawn) - owed.length} / ${sumOf(written) - owed.length} / ${owed.length}; drawn ${drawn.join(" + ")}, written ${written.join(" + ")}`,
  );
  expect(got.toSorted()).toEqual(owed.toSorted());
  expect([sumOf(drawn), sumOf(written)]).toEqual([owed.length, owed.length]);
  expect(await slots()).toHaveLength(ticks);
});

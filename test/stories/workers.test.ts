import { expect, test, vi } from "vitest";
import type { Pool } from "#store/pool.ts";
import { aliveWorkers } from "#store/workers.ts";
import { emailsOf, judge, people, regions } from "../support/crowd.ts";
import { type Daemon, startDaemon } from "../support/daemon.ts";
import { openMorning, untilClosed } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

/** As the configuration has them when nobody says otherwise; only the drawing is slowed, so that a kill meets it. */
const usual = { leaseMs: 20_000, sweepEveryMs: 15_000, sendLimitMs: 3_000 };

const wroteOf = (daemon: Daemon, event: string): readonly string[] =>
  daemon.lines.filter((line) => line.includes(`"${event}"`));

test("with three workers by role one that is killed while it draws is replaced within 30 seconds, and nothing is finished twice", async () => {
  await using sink = await startSink();
  const config = { mail: { from: "bi@example.com", via: sink.url } };
  await using morning = await openMorning({ people, limits: { ...usual, browsers: 1 }, config });
  await morning.makeDue();
  await using doomed = startDaemon(morning, { roles: ["render"], haltAt: "render:drawn#2" });
  await using planner = startDaemon(morning, { roles: ["tick", "send"] });
  await doomed.wrote(1, ["point.halted"]);
  await using drawer = startDaemon(morning, { roles: ["render"] });
  const killedAt = performance.now();
  await doomed.kill();
  const takenOver = Promise.race([planner.wrote(1, ["render.taken-over"]), drawer.wrote(1, ["render.taken-over"])]);
  await takenOver;
  expect(
    planner.lines.filter((line) => line.includes("error")),
    planner.lines.join("\n"),
  ).toEqual([]);
  const tookMs = Math.round(performance.now() - killedAt);
  await untilClosed(morning.pool);
  const wholeMs = Math.round(performance.now() - killedAt);
  console.log(`a killed worker's drawing: taken over after ${tookMs} ms, the morning over after ${wholeMs} ms`);
  expect(tookMs).toBeLessThan(30_000);
  judge("a drawer killed", await emailsOf(sink), []);
  const drawn = [...wroteOf(doomed, "render.ready"), ...wroteOf(drawer, "render.ready")];
  expect(drawn).toHaveLength(regions.length);
  expect(wroteOf(planner, "render.ready")).toEqual([]);
  expect([...wroteOf(doomed, "delivery.sent"), ...wroteOf(drawer, "delivery.sent")]).toEqual([]);
  expect(await Promise.all([planner.stop(), drawer.stop()])).toEqual([0, 0]);
});

test("an email that a killed worker was writing is written by another one within 30 seconds", async () => {
  await using sink = await startSink();
  const config = { mail: { from: "bi@example.com", via: sink.url } };
  await using morning = await openMorning({ people, limits: { ...usual, browsers: 1 }, config });
  await morning.makeDue();
  await using planner = startDaemon(morning, { roles: ["tick", "render"] });
  await using doomed = startDaemon(morning, { roles: ["send"], haltAt: "write:kept#3" });
  await doomed.wrote(1, ["point.halted"]);
  await using writer = startDaemon(morning, { roles: ["send"] });
  const killedAt = performance.now();
  await doomed.kill();
  await Promise.race([planner.wrote(1, ["delivery.taken-over"]), writer.wrote(1, ["delivery.taken-over"])]);
  const tookMs = Math.round(performance.now() - killedAt);
  await untilClosed(morning.pool);
  console.log(`a killed writer's email: taken over after ${tookMs} ms`);
  expect(tookMs).toBeLessThan(30_000);
  const uncertain = (await morning.deliveries()).filter(({ state }) => state === "uncertain");
  judge(
    "a writer killed",
    await emailsOf(sink),
    uncertain.map(({ envelope }) => envelope.to),
  );
  expect(await Promise.all([planner.stop(), writer.stop()])).toEqual([0, 0]);
});

test("a worker wakes at once when another process makes work, long before it would look by itself", async () => {
  await using morning = await openMorning({ people, limits: { ...usual, sweepEveryMs: 600_000, browsers: 1 } });
  await using drawer = startDaemon(morning, { roles: ["render"] });
  await using writer = startDaemon(morning, { roles: ["send"] });
  await untilAtWork(morning.pool, 2);
  const startedAt = performance.now();
  await morning.makeDue();
  const work = morning.begin(["tick"]);
  await untilClosed(morning.pool, morning.log, 60_000);
  console.log(
    `18 emails over three processes that look by themselves every 10 minutes: ${Math.round(performance.now() - startedAt)} ms`,
  );
  await work.stop();
  expect(wroteOf(drawer, "render.ready")).toHaveLength(regions.length);
  expect(await Promise.all([drawer.stop(), writer.stop()])).toEqual([0, 0]);
});

/** Waits until so many workers have said that they are at work. */
const untilAtWork = (pool: Pool, count: number): Promise<void> =>
  vi.waitFor(async () => expect(await aliveWorkers(pool, 60_000)).toHaveLength(count), { timeout: 30_000 });

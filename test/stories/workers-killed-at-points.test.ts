import { expect, test, vi } from "vitest";
import { emailsOf, judge, people } from "../support/crowd.ts";
import { leftBy, startDaemon } from "../support/daemon.ts";
import { type Morning, openMorning, untilClosed } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const rounds = isLong ? 20 : 3;

/** Every point between two effects of a delivery's way, in the order in which it comes to them: docs/architecture.md. */
const points = [
  ...["slot:taken", "slot:planned"],
  ...["render:claimed", "render:drawn", "render:kept", "render:stored"],
  ...["write:claimed", "write:proven", "write:kept", "write:composed"],
  ...["send:between", "send:begun", "send:accepted", "send:stored"],
];

/** Short leases, so that what a dead process held is taken back soon; and nothing is given up for its workers' deaths. */
const limits = { leaseMs: 1_500, sendLimitMs: 1_000, takeovers: 1_000, senders: 1 };

/** Lets a daemon come to a point and kills it there. */
const dieAt = async (point: string, morning: Morning): Promise<number> => {
  await using daemon = startDaemon(morning, { haltAt: point });
  await daemon.wrote(1, ["point.halted"]);
  expect(
    daemon.lines.filter((line) => line.includes("point.halted")),
    `${point}: ${daemon.lines.slice(-5).join("\n")}`,
  ).toHaveLength(1);
  await daemon.kill();
  return daemon.pid;
};

const uncertainOf = async (morning: Morning): Promise<readonly string[]> =>
  (await morning.deliveries()).filter(({ state }) => state === "uncertain").map(({ envelope }) => envelope.to);

/** A whole morning during which a daemon is killed at each point, judged at the mail server; how many emails nobody knows of. */
const round = async (n: number): Promise<number> => {
  await using sink = await startSink();
  const mail = { from: "bi@example.com", via: sink.url };
  await using morning = await openMorning({ people, limits, config: { mail } });
  await morning.makeDue();
  const pids: number[] = [];
  for (const point of points) pids.push(await dieAt(point, morning));
  await using last = startDaemon(morning);
  await untilClosed(morning.pool);
  expect(await last.stop()).toBe(0);
  const uncertain = await uncertainOf(morning);
  judge(`killed at ${points.length} points, round ${n}`, await emailsOf(sink), uncertain);
  // The two points inside the window, and whatever was on the wire by chance at the others.
  expect(uncertain.length).toBeGreaterThanOrEqual(2);
  expect(uncertain.length).toBeLessThanOrEqual(points.length);
  await vi.waitFor(async () => expect(await leftBy([...pids, last.pid])).toEqual([]), { timeout: 10_000 });
  return uncertain.length;
};

/** Leases that run out are waited for most of the time, so that several mornings go on at once. */
const atOnce = 3;
const timeout = isLong ? 3_600_000 : 600_000;

test("a daemon that is killed at each point of the way loses nobody's email, and nobody gets two", {
  timeout,
}, async () => {
  let uncertain = 0;
  for (let done = 0; done < rounds; done += atOnce) {
    const now = Array.from({ length: Math.min(atOnce, rounds - done) }, (_, n) => round(done + n + 1));
    for (const count of await Promise.all(now)) uncertain += count;
  }
  console.log(`all rounds: ${rounds * points.length} kills, ${uncertain} uncertain`);
});

test("a daemon that is killed right after it made a slot has made it once", async () => {
  await using morning = await openMorning({ people, limits, report: { at: { cron: "* * * * *" } } });
  const slots = async () => (await morning.pool.query("select distinct nominal from slots")).rows.length;
  await morning.app.parts.readLists(morning.app.config.reports[0] ?? expect.fail("no report"));
  await morning.app.parts.tick();
  expect(await slots()).toBe(0);
  // Known for an hour, the schedule has a time that was missed.
  await morning.pool.query("update schedules set known_since = known_since - interval '1 h'");
  for (let n = 0; n < rounds; n += 1) await dieAt("tick:made", morning);
  expect(await slots()).toBeGreaterThan(0);
  const { rows } = await morning.pool.query("select nominal from slots group by nominal having count(*) > 1");
  expect(rows).toEqual([]);
});

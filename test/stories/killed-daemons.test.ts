import { expect, test, vi } from "vitest";
import { emailsOf, judge, people } from "../support/crowd.ts";
import { leftBy, startDaemon, workAndDie } from "../support/daemon.ts";
import { type Morning, openMorning, untilClosed } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

const isLong = process.env["DAYBREAK_LONG"] === "1";
const kills = isLong ? 100 : 3;
/** Each waits for two emails more than the one before: with more of them there would be too few. */
const ends = isLong ? 20 : 3;

/** Short leases, so that what a dead process held is taken back in seconds; and no drawing is given up for its workers' deaths. */
const limits = { leaseMs: 5_000, sendLimitMs: 1_500, renderAttempts: 20, takeovers: 1_000, senders: 2 };

const killOftenThenFinish = async (morning: Morning): Promise<void> => {
  await morning.makeDue();
  const pids: number[] = [];
  for (let n = 0; n < kills; n += 1) pids.push(await workAndDie(morning));
  await using last = startDaemon(morning);
  const lastAt = performance.now();
  await untilClosed(morning.pool, null, isLong ? 600_000 : 90_000);
  console.log(`over ${Math.round(performance.now() - lastAt)} ms after the last kill`);
  expect(await last.stop()).toBe(0);
  await vi.waitFor(async () => expect(await leftBy([...pids, last.pid])).toEqual([]), { timeout: 10_000 });
};

const uncertainOf = async (morning: Morning): Promise<readonly string[]> =>
  (await morning.deliveries()).filter(({ state }) => state === "uncertain").map(({ envelope }) => envelope.to);

test("a daemon that is killed again and again leaves each person with exactly one email in the folder", async () => {
  await using morning = await openMorning({ people, limits });
  await killOftenThenFinish(morning);
  expect(await uncertainOf(morning)).toEqual([]);
  judge(`${kills} kills`, await morning.emails(), []);
});

test("a daemon that is ended tidily in the middle leaves nothing uncertain", async () => {
  await using sink = await startSink();
  sink.misbehave({ kind: "slow-reader", pauseMs: 40 });
  await using morning = await openMorning({
    people,
    limits,
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await morning.makeDue();
  for (let n = 0; n < ends; n += 1) {
    await using daemon = startDaemon(morning);
    await daemon.wrote(1 + n * 2, ["delivery.composed"]);
    expect(await daemon.stop()).toBe(0);
  }
  await using last = startDaemon(morning);
  await untilClosed(morning.pool);
  expect(await last.stop()).toBe(0);
  expect(await uncertainOf(morning)).toEqual([]);
  judge(`${ends} tidy ends, SMTP`, await emailsOf(sink), []);
});

test("over SMTP nobody gets two, and whoever may have none is marked as uncertain", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({
    people,
    limits,
    config: { mail: { from: "bi@example.com", via: sink.url } },
  });
  await killOftenThenFinish(morning);
  judge(`${kills} kills, SMTP`, await emailsOf(sink), await uncertainOf(morning));
});

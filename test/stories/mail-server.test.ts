import { expect, test } from "vitest";
import type { Delivery } from "#model/delivery.ts";
import { type Morning, openMorning, untilClosed } from "../support/morning.ts";
import { startSink } from "../support/sink.ts";

const names = ["anna", "ben", "carla", "daan"];
const people = ["email,name,region", ...names.map((name) => `${name}@example.com,${name},North`)].join("\n");
const mail = (url: string) => ({ mail: { from: "BI Team <bi@example.com>", via: url } });
const minuteMs = 60_000;

const attemptsOf = (deliveries: readonly Delivery[]) => deliveries.map(({ state, attempts }) => [state, attempts]);

/** Waits until a log event came `count` times more. */
const times = async ({ log }: Morning, event: string, count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await log.next(event);
};

test("emails wait for a mail server that is away, and each is sent once when it is back", async () => {
  const first = await startSink();
  await first[Symbol.asyncDispose]();
  await using morning = await openMorning({ people, config: mail(first.url) });
  await morning.makeDue();
  const refused = times(morning, "delivery.refused", names.length);
  const work = morning.begin();
  await refused;
  await using sink = await startSink({ port: first.port });
  morning.clock.move(minuteMs);
  await morning.closed();
  await work.stop();
  expect(sink.messages.flatMap(({ to }) => to).sort()).toEqual(names.map((name) => `${name}@example.com`));
  expect(attemptsOf(await morning.deliveries())).toEqual(names.map(() => ["sent", 2]));
});

test("a temporary refusal is tried again, a final one ends one delivery, and an email whose end was reached is never sent twice", async () => {
  await using sink = await startSink();
  await using morning = await openMorning({ people, config: mail(sink.url) });
  const live = async (nominal: string, during: () => Promise<void>): Promise<readonly Delivery[]> => {
    const from = sink.messages.length;
    await morning.makeDue(nominal);
    const work = morning.begin();
    await during();
    await untilClosed(morning.pool, morning.log);
    await work.stop();
    const perPerson = names.map(
      (name) => sink.messages.slice(from).filter(({ to }) => to.includes(`${name}@example.com`)).length,
    );
    const deliveries = (await morning.deliveries()).filter((one) => one.nominal.toString() === nominal);
    const lost = perPerson.filter((n, at) => n === 0 && deliveries[at]?.state !== "failed");
    const uncertain = deliveries.filter(({ state }) => state === "uncertain");
    const doubled = perPerson.filter((n) => n > 1);
    console.log(
      `lost / duplicates / uncertain / N: ${lost.length} / ${doubled.length} / ${uncertain.length} / ${names.length}`,
    );
    expect([lost, doubled]).toEqual([[], []]);
    return deliveries;
  };

  sink.misbehave({ kind: "end-reply", reply: "450 4.3.0 try again later", times: 3 });
  const refused = times(morning, "delivery.refused", 3);
  const temporary = await live("2026-11-18T06:00:00Z", async () => {
    await refused;
    morning.clock.move(minuteMs);
  });
  // Which of them meets the three refusals is up to who is first.
  expect(temporary.map(({ state }) => state)).toEqual(names.map(() => "sent"));
  expect(temporary.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(names.length + 3);
  expect(sink.messages).toHaveLength(names.length);

  sink.misbehave({ kind: "rcpt-reply", reply: "550 5.1.1 no such user here", to: "ben@example.com" });
  const final = await live("2026-11-19T06:00:00Z", async () => {});
  expect(final.map(({ state, reason }) => [state, reason])).toEqual([
    ["sent", null],
    ["failed", expect.stringContaining("550 5.1.1 no such user here")],
    ["sent", null],
    ["sent", null],
  ]);
  expect(sink.messages).toHaveLength(2 * names.length - 1);

  sink.misbehave({ kind: "drop-after-data", times: 2 });
  const dropped = await live("2026-11-20T06:00:00Z", async () => {});
  expect(dropped.map(({ state }) => state).toSorted()).toEqual(["sent", "sent", "uncertain", "uncertain"]);
  // A long time later, with everything swept, they still lie where an operator left them.
  morning.clock.move(60 * minuteMs);
  const swept = morning.begin();
  swept.ring();
  await morning.pool.query("select 1");
  await swept.stop();
  expect(sink.messages).toHaveLength(3 * names.length - 1);
  expect(new Set(sink.messages.slice(2 * names.length - 1).flatMap(({ to }) => to)).size).toBe(names.length);
});

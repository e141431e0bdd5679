import { expect, onTestFinished, test } from "vitest";
import { type Loop, type LoopSettings, startLoop } from "#runtime/loop.ts";
import { openWake } from "#runtime/wake.ts";
import { testClock } from "../support/clock.ts";

const longMs = 3_600_000;
const quick = { baseMs: 1, maxMs: 2 };

const start = (settings: Partial<LoopSettings> & Pick<LoopSettings, "work">): Loop => {
  const loop = startLoop({
    name: "test",
    everyMs: longMs,
    onFault: () => {},
    backoff: quick,
    abandonAfterMs: 50,
    ...settings,
  });
  onTestFinished(async () => {
    await loop.stop();
  });
  return loop;
};

/** Counts rounds and lets a test wait for the n-th. */
const counter = () => {
  const waiting = new Map<number, () => void>();
  let rounds = 0;
  return {
    count: () => {
      rounds += 1;
      waiting.get(rounds)?.();
    },
    reached: (n: number): Promise<void> =>
      rounds >= n ? Promise.resolve() : new Promise((done) => waiting.set(n, done)),
    rounds: () => rounds,
  };
};

test("the first round begins at once, further ones when the time is over", async () => {
  const { count, reached } = counter();
  start({ everyMs: 1, work: async () => void count() });
  await reached(3);
});

test("a ring begins the next round sooner; rings during a round are one round more, never an overlap", async () => {
  const wake = openWake();
  const { count, reached, rounds } = counter();
  let inside = 0;
  const work = async (): Promise<undefined> => {
    inside += 1;
    expect(inside).toBe(1);
    count();
    if (rounds() === 1) for (let n = 0; n < 5; n += 1) wake.ring();
    await new Promise(setImmediate);
    inside -= 1;
  };
  start({ work, wake });
  await reached(2);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(rounds()).toBe(2);
  wake.ring();
  await reached(3);
});

test("a round that has more to do is followed at once", async () => {
  const { count, reached, rounds } = counter();
  const work = async (): Promise<"more" | undefined> => {
    count();
    return rounds() < 4 ? "more" : undefined;
  };
  start({ work });
  await reached(4);
});

test("a fault is told and counted, the loop goes on, and a good round forgets them", async () => {
  const told: [unknown, number][] = [];
  const { count, reached, rounds } = counter();
  const work = async (): Promise<undefined> => {
    count();
    if (rounds() < 4) throw new Error(`no ${rounds()}`);
  };
  const loop = start({ work, onFault: (error, inARow) => told.push([error, inARow]) });
  await reached(4);
  await new Promise(setImmediate);
  expect(told.map(([error, inARow]) => [String(error), inARow])).toEqual([
    ["Error: no 1", 1],
    ["Error: no 2", 2],
    ["Error: no 3", 3],
  ]);
  expect(loop.progress().faultsInARow).toBe(0);
});

test("progress shows the last good round, a beat within a long one, and since when it works", async () => {
  const clock = testClock("2026-11-20T06:00:00Z");
  const { count, reached } = counter();
  const { promise: over, resolve: end } = Promise.withResolvers<undefined>();
  const loop = start({
    clock,
    work: async (_signal, beat) => {
      clock.move(1_000);
      beat();
      count();
      await over;
    },
  });
  await reached(1);
  expect(JSON.parse(JSON.stringify(loop.progress()))).toMatchObject({
    lastAt: "2026-11-20T06:00:01Z",
    workingSince: "2026-11-20T06:00:00Z",
    faultsInARow: 0,
  });
  end(undefined);
  await new Promise(setImmediate);
  expect(loop.progress().workingSince).toBeNull();
});

test("stop lets a round finish within its time, then ends its signal, then leaves it behind", async () => {
  const { promise: over, resolve: end } = Promise.withResolvers<undefined>();
  const patient = start({ work: () => over, finishWithinMs: longMs });
  const stopped = patient.stop();
  end(undefined);
  expect(await stopped).toBe(true);

  const obedient = start({
    work: (signal) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))),
  });
  expect(await obedient.stop()).toBe(true);

  const deaf = start({ work: () => new Promise(() => {}) });
  expect(await deaf.stop()).toBe(false);
});

test("a stop during the wait ends it at once", async () => {
  const { count, reached } = counter();
  const loop = start({ work: async () => void count() });
  await reached(1);
  expect(await loop.stop()).toBe(true);
});

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { openWake, ringAll, ringOne } from "#runtime/wake.ts";

/** Loops that count how often they were woken; they wait when `wait` was called. */
const loops = (count: number) => {
  const end = new AbortController();
  const all = Array.from({ length: count }, () => {
    const one = {
      wake: openWake(),
      woken: 0,
      wait: async (): Promise<void> => {
        await one.wake.wait(60_000, end.signal);
        one.woken += 1;
      },
    };
    return one;
  });
  return { all, wakes: all.map(({ wake }) => wake), woken: () => all.map(({ woken }) => woken) };
};

const settle = () => new Promise(setImmediate);

test("one piece of work wakes one loop that waits, the next piece the next loop", async () => {
  const { all, wakes, woken } = loops(3);
  for (const { wait } of all) void wait();
  ringOne(wakes);
  ringOne(wakes);
  await settle();
  expect(woken()).toEqual([1, 1, 0]);
});

test("where no loop waits each looks once more before it does: one of them may have looked just before the work was there", async () => {
  const { all, wakes, woken } = loops(2);
  ringOne(wakes);
  for (const { wait } of all) void wait();
  await settle();
  expect(woken()).toEqual([1, 1]);
});

test("rings for everybody wake everybody, and a second ring is kept for nobody who has heard the first", async () => {
  const { all, wakes, woken } = loops(2);
  for (const { wait } of all) void wait();
  ringAll(wakes);
  ringAll(wakes);
  await settle();
  for (const { wait } of all) void wait();
  await settle();
  expect(woken()).toEqual([1, 1]);
});

test("a wait that ended by its time leaves nothing behind: a signal lives as long as the process, and a loop waits for ever", async () => {
  const { signal } = new AbortController();
  const wake = openWake();
  for (let n = 0; n < 3; n += 1) await wake.wait(1, signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

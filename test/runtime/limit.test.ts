import { expect, test } from "vitest";
import { limitTo } from "#runtime/limit.ts";

test("never more than the limit run at once, and the order is kept", async () => {
  const limit = limitTo(3);
  const begun: number[] = [];
  let highest = 0;
  const work = (n: number) => async (): Promise<void> => {
    begun.push(n);
    highest = Math.max(highest, limit.running());
    await new Promise(setImmediate);
  };
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  await Promise.all(numbers.map((n) => limit.run(work(n))));
  expect(highest).toBe(3);
  expect(begun).toEqual(numbers);
  expect([limit.running(), limit.waiting()]).toEqual([0, 0]);
});

test("work that fails gives its place back", async () => {
  const limit = limitTo(1);
  await expect(limit.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await limit.run(async () => "yes")).toBe("yes");
});

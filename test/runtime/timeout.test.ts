import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { isFault } from "#model/fault.ts";
import { unlessGone, within } from "#runtime/timeout.ts";

const never = (): Promise<never> => new Promise(() => {});

test("work that is done in time gives its answer", async () => {
  expect(await within({ ms: 1_000, name: "the answer" }, async () => 42)).toBe(42);
});

test("work that ignores its signal is left behind, and the fault names what was waited for and the setting", async () => {
  const bound = { ms: 5, name: "the sign-in", setting: "limits.signInMs" };
  const error = await within(bound, never).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "run.timeout", retry: "later", message: "The sign-in took longer than 5 ms." });
  expect(error).toMatchObject({ hint: expect.stringContaining("limits.signInMs") });
});

test("the work's own signal ends with the time", async () => {
  let seen: AbortSignal | null = null;
  const work = (signal: AbortSignal): Promise<never> => {
    seen = signal;
    return never();
  };
  await within({ ms: 5, name: "it" }, work).catch(() => undefined);
  expect(seen).toMatchObject({ aborted: true });
});

test("the caller's signal ends it as aborted, also when it has ended before", async () => {
  const caller = new AbortController();
  const bound = { ms: 60_000, name: "the render", signal: caller.signal };
  const running = within(bound, never).catch((error: unknown) => error);
  caller.abort();
  expect(isFault(await running, "run.aborted")).toBe(true);
  expect(isFault(await within(bound, never).catch((error: unknown) => error), "run.aborted")).toBe(true);
});

test("a fault of the work itself passes unchanged", async () => {
  const own = new Error("own");
  await expect(within({ ms: 1_000, name: "it" }, () => Promise.reject(own))).rejects.toBe(own);
});

test("what is waited for beside something that outlives it isn't kept in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const gone = new Promise<never>(() => {});
  const held = await Promise.all(
    [1, 2, 3].map(async (n) => new WeakRef(await unlessGone(Promise.resolve({ picture: n }), gone))),
  );
  await new Promise((done) => setImmediate(done));
  collect();
  expect(held.map((one) => one.deref())).toEqual([undefined, undefined, undefined]);
  expect(gone).toBeInstanceOf(Promise);
});

test("the failure of something that outlives the work ends the wait for it", async () => {
  const own = new Error("it has ended");
  await expect(unlessGone(never(), Promise.reject(own))).rejects.toBe(own);
});

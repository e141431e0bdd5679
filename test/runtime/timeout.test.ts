import { expect, test } from "vitest";
import { isFault } from "#model/fault.ts";
import { within } from "#runtime/timeout.ts";

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

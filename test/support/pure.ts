/**
 * Makes the clock, timers, randomness and the network throw when pure code asks for them. The linter can't see
 * `Temporal.Now`, `globalThis.Date` or what a package does inside; this sees every call, by the stack it comes from.
 * Vitest, fast-check and the tests themselves may go on reading the clock.
 */
import { fileURLToPath } from "node:url";
import { Temporal } from "temporal-polyfill";

const src = fileURLToPath(new URL("../../src/", import.meta.url));

const isTestRunner = (frame: string): boolean => /\/node_modules\/(vitest|vite|@vitest)\//.test(frame);
const isAside = (frame: string): boolean => /\/node_modules\/|\/test\/support\/pure\.ts|\bnode:/.test(frame);

/**
 * The first frame of the project's own decides, so that a package's reads count for the code that called it; what the
 * test runner does while it imports a file does not.
 */
const callerInSrc = (): string | null => {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const stack = new Error("who asks").stack ?? "";
  Error.stackTraceLimit = depth;
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const caller = frames.find((frame) => isTestRunner(frame) || !isAside(frame));
  return caller?.includes(src) ? caller.trim() : null;
};

const refuse = (what: string): void => {
  const caller = callerInSrc();
  if (caller) throw new Error(`${what} was called ${caller}: pure code gets the time and chance as parameters`);
};

type Callable = (...words: never[]) => unknown;

const guard = (owner: object, name: string, label: string): void => {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") return;
  const guarded = new Proxy(original as Callable, {
    apply(target, self, words) {
      refuse(label);
      return Reflect.apply(target, self, words);
    },
  });
  Object.defineProperty(owner, name, { value: guarded, writable: true, configurable: true });
};

const guardAll = (owner: object, label: string): void => {
  for (const name of Object.getOwnPropertyNames(owner)) guard(owner, name, `${label}.${name}`);
};

const guardDate = (): void => {
  guard(Date, "now", "Date.now");
  globalThis.Date = new Proxy(Date, {
    construct(target, words, newTarget) {
      if (words.length === 0) refuse("new Date()");
      return Reflect.construct(target, words, newTarget);
    },
    apply(target, self, words) {
      refuse("Date()");
      return Reflect.apply(target, self, words);
    },
  });
};

const timers = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "requestIdleCallback"];

guardDate();
guardAll(Temporal.Now, "Temporal.Now");
const own: unknown = Reflect.get(globalThis, "Temporal");
if (own && typeof own === "object" && "Now" in own) guardAll(own.Now as object, "Temporal.Now");
guard(Math, "random", "Math.random");
guard(performance, "now", "performance.now");
guard(crypto, "randomUUID", "crypto.randomUUID");
guard(crypto, "getRandomValues", "crypto.getRandomValues");
guard(globalThis, "fetch", "fetch");
for (const name of timers) guard(globalThis, name, name);

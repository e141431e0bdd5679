import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import type { Readiness } from "#model/report.ts";
import { later, Temporal } from "#model/time.ts";
import type { Probe } from "#readiness/port.ts";
import { askProbes, askReadiness } from "#readiness/run.ts";
import type { Source } from "#sources/port.ts";

const nominal = Temporal.Instant.from("2026-11-20T23:30:00Z");
const slot = { nominal, due: nominal, zone: "Europe/Berlin" };
const signal = new AbortController().signal;

const answering = (cell: string): Source & { readonly dates: unknown[] } => {
  const dates: unknown[] = [];
  const query: Source["query"] = async ({ parameters }) => {
    dates.push(parameters.date);
    return { columns: ["a"], rows: [{ a: cell }] };
  };
  return { name: "warehouse", query, close: async () => {}, dates };
};

const rules = (changed: Partial<Readiness> = {}): Readiness => ({
  probes: [{ kind: "sql", source: "warehouse", sql: "select …" }],
  everyMs: 300_000,
  untilMs: 3_600_000,
  otherwise: "send-late-note",
  ...changed,
});

const ask = (source: Source, changed: { readonly readiness?: Readiness; readonly now?: Temporal.Instant } = {}) =>
  askReadiness(
    { slot, readiness: rules(), filters: [], now: nominal, signal, ...changed },
    { sources: new Map([["warehouse", source]]), limitMs: 1_000 },
  );

test("the slot's date is the calendar date in its own zone", async () => {
  const source = answering("2026-11-21");
  expect(await ask(source)).toMatchObject({ to: "ready", dataAsOf: "2026-11-21", notice: null });
  expect(source.dates).toEqual(["2026-11-21"]);
});

test("data that is not ready keeps the slot waiting until the next question", async () => {
  expect(await ask(answering("2026-11-20"))).toMatchObject({ to: "waiting", nextProbeAt: later(nominal, 300_000) });
});

test("a probe about a person's own filter is asked for each different one, and all of them must be ready", async () => {
  const loaded = new Set(["North"]);
  const asked: unknown[] = [];
  const query: Source["query"] = async ({ parameters }) => {
    asked.push(parameters.filter_region);
    const isLoaded = [parameters.filter_region].flat().every((region) => loaded.has(String(region)));
    return { columns: ["ready"], rows: [{ ready: isLoaded ? "t" : "f" }] };
  };
  const parts = {
    sources: new Map([["warehouse", { name: "warehouse", query, close: async () => {} }]]),
    limitMs: 1_000,
  };
  const readiness = rules({ probes: [{ kind: "sql", source: "warehouse", sql: "select … = any(:filter_region)" }] });
  const filters = [{ Region: ["North"] }, { Region: ["South"] }];
  expect(await askReadiness({ slot, readiness, filters, now: nominal, signal }, parts)).toMatchObject({
    to: "waiting",
  });
  loaded.add("South");
  expect(await askReadiness({ slot, readiness, filters, now: nominal, signal }, parts)).toMatchObject({ to: "ready" });
  expect(asked).toEqual([["North"], ["South"], ["North"], ["South"]]);
});

test.each([
  ["send-with-notice", "ready", "late-data"],
  ["send-late-note", "ready", "late-note"],
  ["skip", "skipped", null],
] as const)("after the cut-off %s means %s", async (otherwise, to, notice) => {
  const now = later(nominal, 3_600_000);
  expect(await ask(answering("f"), { now, readiness: rules({ otherwise }) })).toMatchObject({
    to,
    notice,
    nextProbeAt: null,
  });
});

test("a probe that can't be asked counts as not ready and says why; the others are asked all the same", async () => {
  const server = createServer((_, response) => response.end("done"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/`;
  const readiness = rules({
    probes: [
      { kind: "sql", source: "elsewhere", sql: "" },
      { kind: "http", url, expect: "done" },
    ],
  });
  const move = await ask(answering("t"), { readiness });
  expect(move.to).toBe("waiting");
  expect(move.reason).toContain("query on elsewhere: could not be asked: there is no source “elsewhere”");
});

test("probes are asked at once, and one that hangs is bounded", async () => {
  let inside = 0;
  const { promise: both, resolve } = Promise.withResolvers<void>();
  const meeting = (name: string): Probe => ({
    name,
    ask: async () => {
      inside += 1;
      if (inside === 2) resolve();
      await both;
      return { ready: true, words: "yes", dataAsOf: null };
    },
  });
  const hanging: Probe = { name: "stock", ask: () => new Promise(() => {}) };
  const question = { nominal, date: "2026-11-21", filters: null };
  const answers = await askProbes({ probes: [meeting("a"), meeting("b"), hanging], question, limitMs: 50, signal });
  expect(answers.map(({ probe, ready }) => [probe, ready])).toEqual([
    ["a", true],
    ["b", true],
    ["stock", false],
  ]);
  expect(answers[2]?.words).toBe("could not be asked: Stock took longer than 50 ms.");
});

test("an end of the program is no answer", async () => {
  const caller = AbortSignal.abort();
  const question = { nominal, date: "2026-11-21", filters: null };
  const probe: Probe = { name: "a", ask: () => new Promise(() => {}) };
  await expect(askProbes({ probes: [probe], question, limitMs: 50, signal: caller })).rejects.toMatchObject({
    code: "run.aborted",
  });
});

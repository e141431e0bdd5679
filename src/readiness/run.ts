import type { Slot } from "#model/delivery.ts";
import { Fault, isFault, wordsOf } from "#model/fault.ts";
import type { Filters } from "#model/filters.ts";
import type { ProbeSpec, Readiness } from "#model/report.ts";
import type { Temporal } from "#model/time.ts";
import { type Asked, decideReadiness, type ReadinessDecision } from "#readiness/plan.ts";
import type { Probe, ProbeQuestion } from "#readiness/port.ts";
import { httpProbe } from "#readiness/probes/http.ts";
import { sqlProbe } from "#readiness/probes/sql.ts";
import { within } from "#runtime/timeout.ts";
import type { Source } from "#sources/port.ts";

/** What asking uses. */
export interface ReadinessParts {
  readonly sources: ReadonlyMap<string, Source>;
  /** Longest time for one probe. */
  readonly limitMs: number;
}

/** Which slot is asked about, by which rules. */
export interface ReadinessAsk {
  readonly slot: Pick<Slot, "nominal" | "due" | "zone">;
  readonly readiness: Readiness;
  /** The different filters of the slot's people, for probes that ask about them; empty where none does. */
  readonly filters: readonly Filters[];
  readonly now: Temporal.Instant;
  readonly signal: AbortSignal;
}

/** Where the slot goes from here. */
export interface ReadinessMove {
  readonly to: "ready" | "waiting" | "skipped";
  readonly reason: string;
  readonly nextProbeAt: Temporal.Instant | null;
  readonly notice: Slot["notice"];
  readonly dataAsOf: string | null;
}

/** Asks all probes of a slot at once and says where the slot goes. A probe's own trouble is an answer, never a fault of the slot. */
export const askReadiness = async (ask: ReadinessAsk, parts: ReadinessParts): Promise<ReadinessMove> => {
  const { slot, readiness, now, signal } = ask;
  const date = slot.nominal.toZonedDateTimeISO(slot.zone).toPlainDate().toString();
  const asked = (specs: readonly ProbeSpec[], filters: Filters | null) => {
    const probes = specs.map((spec) => probeOf(spec, parts.sources));
    return askProbes({ probes, question: { nominal: slot.nominal, date, filters }, limitMs: parts.limitMs, signal });
  };
  const answers = [
    ...(await asked(
      readiness.probes.filter((spec) => !wantsFilters(spec)),
      null,
    )),
  ];
  // One after the other: a probe for each of three hundred filters at once would be the load that delays the data.
  const personal = readiness.probes.filter(wantsFilters);
  for (const filters of personal.length === 0 ? [] : ask.filters) answers.push(...(await asked(personal, filters)));
  return moveOf(decideReadiness({ now, due: slot.due, rules: readiness, answers }));
};

/** True for a probe that asks about a person's own filter: `:filter_Region` in its query. The slot waits until all of its people's data is there. */
export const wantsFilters = (spec: ProbeSpec): boolean => spec.kind === "sql" && /:filter_\w/.test(spec.sql);

/** Asks probes at once, each within its bound; one that can't be asked counts as not ready, with its words. */
export const askProbes = (ask: {
  readonly probes: readonly Probe[];
  readonly question: ProbeQuestion;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}): Promise<readonly Asked[]> =>
  Promise.all(
    ask.probes.map(async (probe) => {
      const bound = { ms: ask.limitMs, name: probe.name, signal: ask.signal, setting: "limits.probeTimeoutMs" };
      try {
        return { probe: probe.name, ...(await within(bound, (signal) => probe.ask(ask.question, signal))) };
      } catch (error) {
        if (isFault(error, "run.aborted")) throw error;
        return { probe: probe.name, ready: false, words: `could not be asked: ${wordsOf(error)}`, dataAsOf: null };
      }
    }),
  );

const probeOf = (spec: ProbeSpec, sources: ReadonlyMap<string, Source>): Probe => {
  if (spec.kind === "http") return httpProbe(spec, fetch);
  return sqlProbe(spec, sources.get(spec.source) ?? missingSource(spec.source));
};

const missingSource = (name: string): Source => ({
  name,
  query: () => {
    const hint = "name it under sources, on this machine too";
    return Promise.reject(new Fault("readiness.probe", `there is no source “${name}”`, { hint, retry: "later" }));
  },
  close: () => Promise.resolve(),
});

const moveOf = (decision: ReadinessDecision): ReadinessMove => {
  const { reason } = decision;
  switch (decision.to) {
    case "go":
      return { to: "ready", reason, nextProbeAt: null, notice: null, dataAsOf: decision.dataAsOf };
    case "ask-again":
      return { to: "waiting", reason, nextProbeAt: decision.at, notice: null, dataAsOf: null };
    case "give-up":
      return { reason, nextProbeAt: null, dataAsOf: decision.dataAsOf, ...afterGivingUp[decision.otherwise] };
  }
};

const afterGivingUp: Readonly<Record<Readiness["otherwise"], Pick<ReadinessMove, "to" | "notice">>> = {
  "send-with-notice": { to: "ready", notice: "late-data" },
  "send-late-note": { to: "ready", notice: "late-note" },
  skip: { to: "skipped", notice: null },
};

import { Fault } from "#model/fault.ts";

/** A bound with the name of what is bounded, and the signal of whoever may end it sooner. */
export interface Bound {
  readonly ms: number;
  /** What is waited for, as it reads in a sentence: `the sign-in`. */
  readonly name: string;
  readonly signal?: AbortSignal;
  /** The setting that holds the bound, for the hint. */
  readonly setting?: string;
}

/**
 * Runs `work` within the bound. Its signal ends when the time is over (`run.timeout`, to be retried) or when the caller's ends
 * (`run.aborted`); work that doesn't listen is left behind, and what it answers later is ignored.
 */
export const within = async <T>(bound: Bound, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const { ms, signal } = bound;
  if (signal?.aborted) throw aborted(bound);
  const inner = new AbortController();
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const end = (fault: Fault): void => {
    reject(fault);
    inner.abort(fault);
  };
  const timer = setTimeout(() => end(timedOut(bound)), ms);
  const stop = (): void => end(aborted(bound));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work(inner.signal), cut]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
};

/**
 * What `work` answers, or the failure of `gone` where that comes first. A promise remembers each race that it was in for as long as it lives,
 * with the result: thousands of pictures against one browser's end would all stay in memory.
 */
export const unlessGone = async <T>(work: Promise<T>, gone: Promise<never>): Promise<T> => {
  await Promise.race([work.then(() => {}), gone]);
  return work;
};

const timedOut = ({ name, ms, setting }: Bound): Fault => {
  const hint =
    setting === undefined ? "it may be slow or stuck; it is tried again" : `if it is only slow, raise \`${setting}\``;
  return new Fault("run.timeout", `${capital(name)} took longer than ${inWords(ms)}.`, { hint, retry: "later" });
};

const aborted = ({ name, signal }: Bound): Fault => {
  const details = { hint: "it is tried again after the start", retry: "later", cause: signal?.reason } as const;
  return new Fault("run.aborted", `${capital(name)} was ended before it was done.`, details);
};

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const inWords = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`);

import { setTimeout as pause } from "node:timers/promises";
import { type Backoff, backoffMs } from "#runtime/backoff.ts";

/** Which loop a wake-up is for. */
export const wakeWords = ["slots", "draw", "write", "post"] as const;
export type WakeWord = (typeof wakeWords)[number];

/** A line to where work is made known; it ends when it breaks or its signal ends. `heard`: the line stands. */
export type HearWakeUps = (
  told: { readonly word: (word: string) => void; readonly heard: () => void },
  signal: AbortSignal,
) => Promise<void>;

/** What listening for wake-ups uses. */
export interface QueueParts {
  readonly hear: HearWakeUps;
  /** Wakes the loops of one kind. */
  readonly ring: (word: WakeWord) => void;
  /** Told each time the line breaks or can't be opened, with how often in a row. */
  readonly onFault: (error: unknown, inARow: number) => void;
  readonly backoff?: Backoff;
}

const usualBackoff: Backoff = { baseMs: 250, maxMs: 5_000 };

/**
 * So often at most is one kind woken: a hundred emails a second end a hundred deliveries, and one look at their slot is enough for them.
 * Senders are told of each email by who wrote it, in its own process.
 */
const calmMs: Readonly<Record<WakeWord, number>> = { slots: 500, draw: 100, write: 100, post: 500 };

/**
 * Passes wake-ups on for as long as it isn't stopped. A wake-up says that some row wants work, never which: one that is lost costs the
 * wait until the next sweep, and one too many a look. After each break of the line everybody is woken, since nobody knows what was missed.
 */
export const startListening = ({ hear, ring, onFault, backoff = usualBackoff }: QueueParts) => {
  const stopping = new AbortController();
  const calm = new Map(wakeWords.map((word) => [word, calmly(() => ring(word), calmMs[word])]));
  let inARow = 0;
  const told = {
    word: (word: string): void => {
      for (const one of wakeWords) if (one === word) calm.get(one)?.();
    },
    heard: (): void => {
      inARow = 0;
      for (const wake of calm.values()) wake();
    },
  };
  const listen = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const fault = await hear(told, stopping.signal).then(
        () => new Error("the line for wake-ups broke"),
        (error: unknown) => error,
      );
      if (stopping.signal.aborted) return;
      inARow += 1;
      onFault(fault, inARow);
      const ms = backoffMs(backoff, inARow, Math.random());
      await pause(ms, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const listening = listen();
  return {
    stop: async (): Promise<void> => {
      stopping.abort();
      await listening;
    },
  };
};

/** The first call at once; those within the next moment together, at its end. */
const calmly = (work: () => void, ms: number): (() => void) => {
  let isResting = false;
  let isAsked = false;
  const rest = (): void => {
    isResting = true;
    const timer = setTimeout(() => {
      isResting = false;
      if (isAsked) go();
    }, ms);
    timer.unref();
  };
  const go = (): void => {
    isAsked = false;
    work();
    rest();
  };
  return () => {
    if (isResting) isAsked = true;
    else go();
  };
};

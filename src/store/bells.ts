import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "#store/pool.ts";

/** The channel on which rows ring: the triggers of the schema notify it. */
const channel = "daybreak";

/** A silent break of the line is found by asking; a line that works costs six small questions a minute. */
const askEveryMs = 10_000;

/**
 * Listens on a connection of its own until it breaks or the signal ends. `word` hears which loop has work, `heard` that the line stands:
 * what was rung before nobody heard.
 */
export const hearBells = async (
  pool: Pool,
  told: { readonly word: (word: string) => void; readonly heard: () => void },
  signal: AbortSignal,
): Promise<void> => {
  const connection = await pool.connect();
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  try {
    await connection.hear(channel, { word: told.word, gone: () => over.abort() });
    told.heard();
    while (!either.aborted) {
      await pause(askEveryMs, undefined, { signal: either }).catch(() => {});
      if (!either.aborted) await connection.query("select 1");
    }
  } finally {
    // Given back, it would go on listening in somebody else's hands.
    connection.release(true);
  }
};

/** How one loop gets on, as its process last said. */
export interface LoopBeat {
  readonly name: string;
  /** Milliseconds since it last got on. */
  readonly silentMs: number;
  /** Silent for longer than this, it stands still. */
  readonly stallMs: number;
  readonly faultsInARow: number;
}

/** What a process last said of its loops, and how long ago. */
export interface Heard {
  readonly loops: readonly LoopBeat[];
  readonly agoMs: number;
}

/** Whether work gets on, with a sentence for each loop that doesn't. */
export interface Health {
  readonly isReady: boolean;
  readonly isAlive: boolean;
  readonly troubles: readonly string[];
}

/** A process whose main thread has been silent for so long is not at work any more, whatever it holds on to. */
export const deadAfterMs = 60_000;

/** A round may take minutes; one that fails again and again for so long is no long round. */
const failingForMs = 60_000;
const failingTimes = 3;

const standsStill = ({ silentMs, stallMs, faultsInARow }: LoopBeat, agoMs: number): boolean =>
  silentMs + agoMs > (faultsInARow >= failingTimes ? Math.min(stallMs, failingForMs) : stallMs);

/** Judges by progress alone: a process that exists, and whose loops have stood still since a database went away, is not ready. */
export const judgeHealth = ({ loops, agoMs }: Heard): Health => {
  const stalled = loops.filter((loop) => standsStill(loop, agoMs));
  const troubles = stalled.map(
    ({ name, silentMs, faultsInARow }) =>
      `${name} has not got on for ${seconds(silentMs + agoMs)}${faultsInARow === 0 ? "" : `, after ${faultsInARow} faults in a row`}`,
  );
  const isAlive = agoMs <= deadAfterMs;
  if (!isAlive) troubles.push(`the process has been silent for ${seconds(agoMs)}`);
  if (loops.length === 0) troubles.push("nothing is at work yet");
  return { isReady: troubles.length === 0, isAlive, troubles };
};

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

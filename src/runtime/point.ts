/**
 * A named point on the way of an act, between two effects: where a crash would be at its worst. Tests halt a process there and end it
 * from outside; everywhere else passing one costs nothing.
 */
export type PassPoint = (name: string) => Promise<void>;

/** Passes every point: what a daemon is handed. */
export const passAll: PassPoint = () => Promise.resolve();

/**
 * Halts for ever at the `nth` passing of the point that `text` names (`send:accepted`, `upload:part#3`), after telling so; passes all others.
 * The process stays alive with its connections open, so that a SIGKILL meets it exactly there.
 */
export const haltAt = (text: string, tell: (name: string) => void): PassPoint => {
  const [, wanted = text, nth = "1"] = /^(.*?)(?:#(\d+))?$/.exec(text) ?? [];
  let passed = 0;
  return async (name) => {
    if (name !== wanted) return;
    passed += 1;
    if (passed !== Number(nth)) return;
    tell(name);
    await new Promise(() => {});
  };
};

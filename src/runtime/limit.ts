/** Lets so many pieces of work run at once; the others wait in the order in which they came. */
export interface Limit {
  run<T>(work: () => Promise<T>): Promise<T>;
  running(): number;
  waiting(): number;
}

/** A limit of `max` at once. */
export const limitTo = (max: number): Limit => {
  const queue: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running < max) {
      running += 1;
      return;
    }
    // Whoever leaves hands its place over, so `running` stays as it is.
    await new Promise<void>((next) => queue.push(next));
  };
  const leave = (): void => {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return {
    run: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    running: () => running,
    waiting: () => queue.length,
  };
};

import type { Alerts, Trouble } from "#model/alert.ts";

/** Alerts that are kept, for tests of what raises them. */
export interface KeptAlerts extends Alerts {
  /** Everything that was raised, in order, with what was open already. */
  readonly raised: readonly Trouble[];
  /** Keys that are open now. */
  readonly open: ReadonlySet<string>;
  /** Keys that have recovered, in order. */
  readonly recovered: readonly string[];
}

/** Alerts without channels and rows. */
export const keptAlerts = (): KeptAlerts => {
  const raised: Trouble[] = [];
  const open = new Set<string>();
  const recovered: string[] = [];
  return {
    raised,
    open,
    recovered,
    raise: async (trouble) => {
      raised.push(trouble);
      const isNew = !open.has(trouble.key);
      open.add(trouble.key);
      return isNew;
    },
    recover: async (key) => {
      const wasOpen = open.delete(key);
      if (wasOpen) recovered.push(key);
      return wasOpen;
    },
  };
};

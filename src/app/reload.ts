import type { App } from "#app.ts";
import type { Config } from "#config/config.ts";
import { type Fault, wordsOf } from "#model/fault.ts";

/** Machines have files of their own: one that reads its own well says nothing of another's. */
const keyOf = ({ host }: Config): string => `configuration:${host}`;

/** Tells the operators, once, that a changed configuration can't be used; `app` is the one that goes on with the last good one. */
export const raiseBrokenReload = async (
  { config, parts }: Pick<App, "config" | "parts">,
  fault: Fault,
): Promise<void> => {
  const lines = [wordsOf(fault), `What to do: ${fault.hint}`, "Until then the last good configuration stays at work."];
  const subject = `the changed configuration can't be used${config.host === "" ? "" : ` on ${config.host}`}`;
  await parts.alerts.raise({ key: keyOf(config), severity: "critical", subject, lines });
};

/** Closes that alert, also one of a daemon that was started anew instead. */
export const recoverBrokenReload = async ({ config, parts }: Pick<App, "config" | "parts">): Promise<void> => {
  await parts.alerts.recover(keyOf(config));
};

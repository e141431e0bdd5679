import type { App } from "#app.ts";
import { type Fault, wordsOf } from "#model/fault.ts";

const key = "configuration";

/** Tells the operators, once, that a changed configuration can't be used; `app` is the one that goes on with the last good one. */
export const alertBrokenReload = async (app: App, fault: Fault): Promise<void> => {
  const subject = "the changed configuration can't be used";
  const lines = [wordsOf(fault), `What to do: ${fault.hint}`, "Until then the last good configuration stays at work."];
  await app.parts.alerts.raise({ key, severity: "critical", subject, lines });
};

/** Closes that alert, and tells so where one was open. */
export const closeBrokenReload = async (app: App): Promise<void> => {
  await app.parts.alerts.recover(key);
};

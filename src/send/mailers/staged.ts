import { Fault } from "#model/fault.ts";
import { type StagingRules, staged } from "#send/plan/staging.ts";
import type { Mailer } from "#send/port.ts";

/** A mailer through which nothing leaves but to whom the rules allow: the last thing before the wire, whoever wrote the message and why. */
export const stagedMailer = (mailer: Mailer, rules: StagingRules): Mailer => ({
  ...mailer,
  send: async (message, signal) => {
    const allowed = staged(message, rules);
    if (allowed !== null) return mailer.send(allowed, signal);
    throw new Fault("send.refused", `mail to ${message.recipients.join(", ")} does not leave here`, {
      hint: "This is a staging place: `mail.onlyTo` names who may get mail.",
    });
  },
});

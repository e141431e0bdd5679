import type { AlertChannel } from "#alert/port.ts";
import type { Alert } from "#model/alert.ts";

/** Hands one plain email over. */
export type PostPlain = (to: string, subject: string, text: string) => Promise<void>;

/** Emails alerts to whom they concern, a report's owner or else the operators. A mail server that is down can't tell of itself: keep another channel. */
export const emailChannel = (operators: readonly string[], post: PostPlain): AlertChannel => ({
  name: "email",
  tell: async (alert) => {
    const addresses = alert.to === null ? operators : [alert.to];
    const letters = addresses.map((to) => post(to, subjectOf(alert), textOf(alert)));
    const failed = (await Promise.allSettled(letters)).find((letter) => letter.status === "rejected");
    // One operator's full mailbox must not keep the others' letters back, but it must be told.
    if (failed !== undefined) throw failed.reason;
  },
});

const marks: Readonly<Record<Alert["severity"], string>> = {
  critical: "Daybreak needs you: ",
  warning: "Daybreak: ",
  recovered: "Daybreak, recovered: ",
  summary: "",
};

const longestSubject = 200;

/** Subjects are made of names and servers' words; a line break in one would begin another header. */
const subjectOf = ({ severity, subject }: Alert): string =>
  `${marks[severity]}${subject}`
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, longestSubject);

const textOf = ({ lines }: Alert): string => `${lines.join("\n")}\n`;

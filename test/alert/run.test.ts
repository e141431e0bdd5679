import { expect, test } from "vitest";
import { emailChannel } from "#alert/email.ts";
import { logChannel } from "#alert/log.ts";
import type { AlertChannel } from "#alert/port.ts";
import { tellAll } from "#alert/run.ts";
import type { Alert } from "#model/alert.ts";
import { type Log, silentLog } from "#runtime/log.ts";

const alert: Alert = {
  key: "slot:42",
  severity: "critical",
  subject: "daily-sales: 3 of 40\r\nBcc: everybody@example.com",
  lines: ["Three could not be drawn.", "Look at `daybreak show 42`."],
  to: null,
};

const letters = () => {
  const posted: [string, string, string][] = [];
  return { posted, post: async (...letter: [string, string, string]) => void posted.push(letter) };
};

test("alerts go to the operators, one line of subject and the lines as text", async () => {
  const { posted, post } = letters();
  expect(await tellAll([emailChannel(["ops@example.com", "bi@example.com"], post)], alert)).toEqual([]);
  const subject = "Daybreak needs you: daily-sales: 3 of 40 Bcc: everybody@example.com";
  const text = "Three could not be drawn.\nLook at `daybreak show 42`.\n";
  expect(posted).toEqual([
    ["ops@example.com", subject, text],
    ["bi@example.com", subject, text],
  ]);
});

test("what concerns a report's owner goes to the owner alone", async () => {
  const { posted, post } = letters();
  await tellAll([emailChannel(["ops@example.com"], post)], { ...alert, to: "owner@example.com", severity: "summary" });
  expect(posted.map(([to]) => to)).toEqual(["owner@example.com"]);
});

test("one mailbox that fails doesn't keep the other's letter back, and the channel says that it failed", async () => {
  const { posted, post } = letters();
  const own = new Error("mailbox full");
  const channel = emailChannel(["full@example.com", "ops@example.com"], async (to, subject, text) => {
    if (to.startsWith("full")) throw own;
    await post(to, subject, text);
  });
  expect(await tellAll([channel], alert)).toEqual([{ channel: "email", error: own }]);
  expect(posted).toHaveLength(1);
});

test("a channel that fails doesn't stop the others, and is named", async () => {
  const own = new Error("down");
  const broken: AlertChannel = { name: "pager", tell: () => Promise.reject(own) };
  const { posted, post } = letters();
  expect(await tellAll([broken, emailChannel(["ops@example.com"], post)], alert)).toEqual([
    { channel: "pager", error: own },
  ]);
  expect(posted).toHaveLength(1);
});

test("a channel that hangs ends with the caller's signal", async () => {
  const hanging: AlertChannel = { name: "pager", tell: () => new Promise(() => {}) };
  const caller = new AbortController();
  const telling = tellAll([hanging], alert, caller.signal);
  caller.abort();
  expect(await telling).toMatchObject([{ channel: "pager", error: { code: "run.aborted" } }]);
});

test("the log has every alert with its key, at a level that fits", async () => {
  const lines: unknown[] = [];
  const level = (name: string) => (event: string, fields?: object) => void lines.push([name, event, fields]);
  const log: Log = { ...silentLog, info: level("info"), warn: level("warn"), error: level("error") };
  for (const severity of ["critical", "warning", "recovered", "summary"] as const)
    await tellAll([logChannel(log)], { ...alert, severity });
  expect(lines).toMatchObject([
    ["error", "alert.critical", { key: "slot:42" }],
    ["warn", "alert.warning", {}],
    ["info", "alert.recovered", {}],
    ["info", "alert.summary", {}],
  ]);
});

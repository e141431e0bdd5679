import type { StoredMessage } from "#model/message.ts";
import { faultOf, type Phase } from "#send/mailers/smtp-faults.ts";
import { type Line, type LineSettings, openLine } from "#send/mailers/smtp-line.ts";
import type { Mailer } from "#send/port.ts";

/** How emails are handed to a mail server. The password is never logged. */
export interface SmtpSettings extends LineSettings {
  /** Connections that are kept open between emails. */
  readonly connections: number;
  /** Where an email goes back to when it can't be delivered; without it, to its sender. */
  readonly returnPath?: (message: StoredMessage) => string;
}

/** How long an unused connection is kept: below what servers bear, and long enough for a wave of emails. */
const idleMs = 30_000;

/** Many servers end a connection after some hundred emails; it is ended by us before. */
const messagesPerLine = 100;

/** Hands emails to a mail server over connections that it keeps open. It never repeats by itself what may have been taken. */
export const smtpMailer = (settings: SmtpSettings): Mailer => {
  const idle = keepLines(settings);
  const transmit = async (line: Line, message: StoredMessage, signal: AbortSignal) => {
    const from = settings.returnPath?.(message) ?? message.from;
    const answer = await line.send({ ...message, from }, signal);
    if ("receipt" in answer && line.sent < messagesPerLine) idle.put(line);
    else line.close();
    return answer;
  };
  return {
    name: "smtp",
    send: async (message, outer) => {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(settings.limitMs)]);
      const kept = idle.take();
      if (kept !== null) {
        const answer = await transmit(kept, message, signal);
        if ("receipt" in answer) return answer.receipt;
        // The server may end an unused connection at any moment: if nothing of the email was asked for, a fresh one is no repetition.
        if (!isStale(answer)) throw faultOf(answer, settings);
      }
      const line = await openLine(settings, signal);
      const answer = await transmit(line, message, signal);
      if ("receipt" in answer) return answer.receipt;
      throw faultOf(answer, settings);
    },
    confirm: async () => "cannot-say",
    verify: async (outer) => {
      const line = await openLine(settings, AbortSignal.any([outer, AbortSignal.timeout(settings.limitMs)]));
      line.close();
    },
    rehearse: async (envelope, outer) => {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(settings.limitMs)]);
      const line = await openLine(settings, signal);
      const refusal = await line.offer(envelope, signal);
      if (refusal !== null) throw faultOf(refusal, settings);
      return line.isSecure ? "by TLS" : "without TLS";
    },
    close: async () => idle.close(),
  };
};

const isStale = ({ phase, error }: { readonly phase: Phase; readonly error: object }): boolean =>
  phase === "envelope" && !("responseCode" in error && error.responseCode);

interface KeptLines {
  take(): Line | null;
  put(line: Line): void;
  close(): void;
}

/** The open connections that nobody uses at the moment, the last used first. */
const keepLines = ({ connections }: SmtpSettings): KeptLines => {
  const kept: { readonly line: Line; readonly timer: NodeJS.Timeout }[] = [];
  let closed = false;
  const drop = (line: Line): void => {
    const at = kept.findIndex((one) => one.line === line);
    if (at !== -1) clearTimeout(kept.splice(at, 1)[0]?.timer);
    line.close();
  };
  return {
    take: () => {
      for (let one = kept.pop(); one !== undefined; one = kept.pop()) {
        clearTimeout(one.timer);
        if (one.line.isOpen()) return one.line;
      }
      return null;
    },
    put: (line) => {
      if (closed || kept.length >= connections || !line.isOpen()) return line.close();
      kept.push({ line, timer: setTimeout(() => drop(line), idleMs).unref() });
    },
    close: () => {
      closed = true;
      for (const { line } of [...kept]) drop(line);
    },
  };
};

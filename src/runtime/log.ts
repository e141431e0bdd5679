import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import pino from "pino";
import { isFault, wordsOf } from "#model/fault.ts";
import { Temporal } from "#model/time.ts";

/** Fields of a log line: numbers, words, and an error under any name. */
export type Fields = Readonly<Record<string, unknown>>;

/** A log line is an event name (`slot.made`) with fields; sentences belong into records and alerts. */
export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** The same log with fields that every line carries. */
  with(fields: Fields): Log;
}

/** How the log is written. */
export interface LogSettings {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** Appended to as JSON lines; `null`: stderr, readable on a terminal and JSON elsewhere. */
  readonly file: string | null;
  /** Shows `j…@example.com` in place of addresses of people. */
  readonly maskAddresses: boolean;
  /** `json`: JSON lines at a terminal, too. Default: what fits the place. */
  readonly format?: "fitting" | "json";
}

/** A log that keeps nothing. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {}, with: () => silentLog };

/** Opens the log. Passwords inside addresses (`smtp://user:secret@host`) are masked whatever the settings say. */
export const openLog = (settings: LogSettings): Log => {
  const options = { level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: "event" };
  return logOver(
    pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, outputOf(settings)),
    settings,
  );
};

const outputOf = ({ file, format }: LogSettings): pino.DestinationStream => {
  const isRead = process.stderr.isTTY && format !== "json";
  if (file === null) return isRead ? { write: writePretty } : pino.destination({ dest: 2, sync: true });
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return pino.destination({ dest: file, append: true, mode: 0o600, sync: true });
};

const logOver = (target: pino.Logger, settings: LogSettings): Log => {
  const tidy = (fields: Fields = {}): object => tidyFields(fields, settings.maskAddresses);
  return {
    info: (event, fields) => target.info(tidy(fields), event),
    warn: (event, fields) => target.warn(tidy(fields), event),
    error: (event, fields) => target.error(tidy(fields), event),
    with: (fields) => logOver(target.child(tidy(fields)), settings),
  };
};

/** Fields as they are written: errors as their words, secrets masked, addresses masked where wanted. */
export const tidyFields = (fields: Fields, maskAddresses: boolean): Record<string, unknown> => {
  const tidy = (value: unknown): unknown => {
    if (typeof value === "string") return tidyText(value, maskAddresses);
    if (value instanceof Error) return tidyError(value, tidy);
    if (Array.isArray(value)) return value.map(tidy);
    if (value === null || typeof value !== "object") return value;
    // Instants and the like know their own text; walking into them would show nothing.
    if ("toJSON" in value) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tidy(part)]));
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, tidy(value)]));
};

const tidyError = (error: Error, tidy: (value: unknown) => unknown): unknown => {
  const cause = error.cause === undefined ? {} : { cause: tidy(wordsOf(error.cause)) };
  if (isFault(error))
    return { code: error.code, what: tidy(error.message), hint: tidy(error.hint), retry: error.retry, ...cause };
  // Something that is not a fault was not foreseen: its stack is what finds it.
  return { what: tidy(wordsOf(error)), stack: tidy(error.stack ?? ""), ...cause };
};

const tidyText = (text: string, maskAddresses: boolean): string => {
  const safe = text.replace(/(:\/\/[^\s:/@]*):[^\s/@]+@/g, "$1:***@");
  return maskAddresses ? safe.replace(/([\p{L}\p{N}])[\p{L}\p{N}._%+'-]*@([\p{L}\p{N}-]+\.)/gu, "$1…@$2") : safe;
};

const colours: Readonly<Record<string, string>> = { warn: "\u001b[33m", error: "\u001b[31m" };

/** Words of pages and of people's rows may hold sequences that would command the operator's terminal. */
const harmless = (text: string): string => text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\u00b7");

const writePretty = (line: string): void => void process.stderr.write(prettyLine(line));

/** One line of the log for a terminal: the time there, the event, and its fields in words. */
export const prettyLine = (line: string): string => {
  const { level, time, event, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const words = Object.entries(fields).map(([name, value]) => fieldInWords(name, value));
  const told = harmless(words.filter((word) => word !== "").join(" · "));
  return `${dim(clockOf(String(time)))} ${colours[String(level)] ?? ""}${String(event)}\u001b[0m ${told}\n`;
};

const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`;

/** Whoever sits there has a clock of that place at hand. */
const clockOf = (time: string): string =>
  Temporal.Instant.from(time)
    .toZonedDateTimeISO(new Intl.DateTimeFormat().resolvedOptions().timeZone)
    .toPlainTime()
    .toString({ smallestUnit: "second" });

/** Fields whose value is a sentence or a name of its own need no title before it. */
const untitled: readonly string[] = ["what", "why", "reason", "reasons", "words", "subject", "now", "outcome", "view"];

const fieldInWords = (name: string, value: unknown): string => {
  const text = valueInWords(value);
  if (text === "" || untitled.includes(name)) return text;
  if (name === "ms") return `${text} ms`;
  if (name === "hint") return `→ ${text}`;
  return name === "error" ? text : `${name} ${text}`;
};

const valueInWords = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(valueInWords).join("; ");
  if (typeof value !== "object") return String(value);
  const { what, hint } = value as { readonly what?: unknown; readonly hint?: unknown };
  if (typeof what !== "string") return JSON.stringify(value);
  return typeof hint === "string" ? `${what} → ${hint}` : what;
};

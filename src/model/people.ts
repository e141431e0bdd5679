import type { Filters } from "#model/filters.ts";
import type { Temporal } from "#model/time.ts";

/** An attribute of a person's row: one value or a list. */
export type Attribute = string | readonly string[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** The values of an attribute, none where the row has no such name. A name may be one that every object answers to. */
export const valuesOf = (attributes: Attributes, name: string): readonly string[] => {
  const value = Object.hasOwn(attributes, name) ? (attributes[name] ?? []) : [];
  return typeof value === "string" ? [value] : value;
};

/** What `stronger` says hides what `weaker` says of the same name, however that is written there. */
export const attributesOver = (weaker: Attributes, stronger: Attributes): Attributes => {
  if (Object.keys(stronger).length === 0) return weaker;
  if (Object.keys(weaker).length === 0) return stronger;
  const said = new Set(Object.keys(stronger).map((name) => name.toLowerCase()));
  const left = Object.entries(weaker).filter(([name]) => !said.has(name.toLowerCase()));
  return Object.fromEntries([...left, ...Object.entries(stronger)]);
};

/** A person or a shared mailbox, known by a key of its own, since an address can change. */
export interface Recipient {
  readonly id: string;
  readonly key: string;
  readonly kind: "person" | "mailbox";
  readonly name: string;
  readonly email: string;
  readonly alternateEmails: readonly string[];
  readonly locale: string | null;
  readonly zone: string | null;
  readonly calendar: string | null;
  readonly attributes: Attributes;
  readonly active: boolean;
  /** Calendar dates `YYYY-MM-DD`, inclusive. */
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  readonly pausedUntil: string | null;
  /** `null`: our own; else the list that brought it (`list:<report>`). */
  readonly origin: string | null;
}

/** Recipients by a list or by a rule on attributes: every named attribute has one of the values. */
export interface Group {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly memberIds: readonly string[];
  readonly rule: Readonly<Record<string, readonly string[]>> | null;
}

/** One email for several values together, a section each, or an email each. */
export type Split = "together" | "sections" | "each";

/** Formats of an artifact that staff can receive. */
export type Format = "png" | "pdf" | "csv" | "xlsx";
export const formats: readonly Format[] = ["png", "pdf", "csv", "xlsx"];

/** Recipient or group × report × label; what is `null` comes from the group's row, then from the report. */
export interface Subscription {
  readonly id: string;
  readonly report: string;
  readonly label: string;
  readonly recipientId: string | null;
  readonly groupId: string | null;
  /** `null`: the report's mapping from the person's row. */
  readonly filters: Filters | null;
  /** Columns of the list's row, which stand before the recipient's own attributes in the report's mapping. */
  readonly attributes: Attributes;
  readonly split: Split | null;
  readonly formats: readonly Format[] | null;
  /** Schedule words or cron; `null`: the report's. */
  readonly at: string | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly active: boolean;
  /** `list:<report>` when a list brought it, with the row's place (`people.csv row 7`) in `place`. */
  readonly origin: string | null;
  readonly place: string | null;
}

/** Another mailbox that gets somebody's deliveries between two dates. */
export interface Copy {
  readonly id: string;
  readonly recipientId: string;
  readonly report: string | null;
  readonly kind: "cc" | "bcc" | "instead";
  readonly email: string;
  readonly from: string | null;
  readonly until: string | null;
}

/** Stops further mail to an address. */
export interface Suppression {
  readonly email: string;
  readonly reason: string;
  readonly since: Temporal.Instant;
}

/** Everyone and everything that the audience of some reports is made from. */
export interface People {
  readonly recipients: readonly Recipient[];
  readonly groups: readonly Group[];
  readonly subscriptions: readonly Subscription[];
  readonly copies: readonly Copy[];
  readonly suppressions: readonly Suppression[];
}

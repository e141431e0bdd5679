import fc from "fast-check";
import type { Filters } from "#model/filters.ts";
import type { ReportView } from "#model/report.ts";
import type { ServerKind, ServerSettings } from "#render/port.ts";

/** Settings of a server of a kind, without a sign-in. */
export const settingsOf = (kind: ServerKind, more: Partial<ServerSettings> = {}): ServerSettings => ({
  name: "main",
  kind,
  url: "https://bi.example.com",
  hosts: ["bi.example.com"],
  signIn: { via: "none" },
  web: null,
  ready: null,
  tileSelector: null,
  dashboardSelector: null,
  ...more,
});

/** A view by its path. */
export const viewOf = (path: string, more: Partial<ReportView> = {}): ReportView => ({
  name: "view",
  title: "View",
  server: "main",
  path,
  width: 1200,
  scale: 1,
  look: "light",
  language: "recipient",
  ready: null,
  tileSelector: null,
  csv: null,
  brokenTile: "fail",
  settleTimeoutMs: 10_000,
  ...more,
});

/** Values that have broken somebody's reports: see the issues that the adapters' comments name. */
export const hardValues: readonly string[] = [
  "a, b",
  "A & B",
  "a=b",
  "O'Brien",
  'say "hi"',
  "back\\slash",
  "\\,",
  "ends\\",
  "100 %",
  "%2C",
  "1+1",
  "a/b",
  "#1",
  "why?",
  "a;b",
  "~",
  "a|b",
  "!(x)",
  "null",
  "007",
  "🌱",
  "日本",
  "עברית",
  "مرحبا",
  "(All)",
  "*",
  " padded ",
  "[1]",
  '{"a":1}',
];

const character = fc.oneof(
  fc.constantFrom(...`,&='"\\%+/#?;~|!()*:@$ `),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
);
const isGood = (text: string): boolean => text.trim() !== "" && !/\p{Cc}/u.test(text) && text.isWellFormed();

/** Texts of which a list may hold any. */
export const hardText = fc
  .oneof(
    fc.constantFrom(...hardValues),
    fc.array(character, { minLength: 1, maxLength: 12 }).map((parts) => parts.join("")),
  )
  .filter(isGood);

/** One to four different values. */
export const hardList = fc.uniqueArray(hardText, { minLength: 1, maxLength: 4 });

/** A filter “Region” with such values. */
export const hardFilters: fc.Arbitrary<Extract<Filters, object>> = hardList.map((values) => ({ Region: values }));

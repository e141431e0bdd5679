import type { EmailFiles, EmailInput, PartInput, ReportTexts } from "#compose/plan/email.ts";
import type { Delivery } from "#model/delivery.ts";
import type { ShownFact } from "#model/message.ts";
import type { Fact, Report, ReportView } from "#model/report.ts";
import { Temporal } from "#model/time.ts";

/** A report's view for tests of composing. */
export const viewFor = (more: Partial<ReportView> = {}): ReportView => ({
  name: "summary",
  title: { en: "Daily Sales", de: "Tagesumsatz" },
  server: "main",
  path: "Daily Sales Report/Yesterday Sales Summary",
  width: 1200,
  scale: 2,
  look: "light",
  ready: null,
  tileSelector: null,
  csv: null,
  brokenTile: "send-with-note",
  settleTimeoutMs: 60_000,
  language: "recipient",
  ...more,
});

/** A report for tests of composing. */
export const reportFor = (more: Partial<Report> = {}): Report => ({
  name: "daily-sales",
  title: { en: "Daily Sales", de: "Tagesumsatz" },
  views: [viewFor()],
  schedule: {
    at: "weekdays 07:00",
    zone: null,
    calendar: null,
    holidays: "send",
    start: null,
    end: null,
    catchUpWithinMs: 0,
  },
  audience: { kind: "tables" },
  filter: { Region: { column: "region" } },
  split: "together",
  formats: ["png", "csv"],
  empty: "note",
  whenRenderFails: "fail",
  proof: { mode: null, columns: {}, parameters: {}, elements: {}, ignoreRequests: [] },
  readiness: null,
  facts: [],
  subject: null,
  greeting: null,
  intro: null,
  contact: null,
  template: "morning",
  link: "filtered",
  owner: "sales-desk@example.com",
  expiresMs: 43_200_000,
  sizeBudgetBytes: 8_000_000,
  locale: "en",
  zone: "Europe/Berlin",
  audienceGuard: null,
  bundled: [],
  ...more,
});

/** A delivery of Thursday 19 November 2026, 07:00 in Berlin. */
export const deliveryFor = (more: Partial<Delivery> = {}): Delivery => ({
  id: "0197d1",
  slotId: "1",
  occasion: "slot:1",
  report: "daily-sales",
  version: "v1",
  recipientId: "7",
  recipientName: "Anna Berg",
  label: "",
  envelope: { to: "anna@example.com", toName: "Anna Berg", cc: [], bcc: [] },
  filters: { Region: ["North"] },
  parts: [],
  formats: ["png", "csv"],
  locale: "en",
  zone: "Europe/Berlin",
  nominal: Temporal.Instant.from("2026-11-19T06:00:00Z"),
  expiresAt: Temporal.Instant.from("2026-11-19T18:00:00Z"),
  trial: false,
  state: "proven",
  reason: null,
  attempts: 0,
  notBefore: null,
  deadline: null,
  ...more,
});

/** A shown fact that rose well, unless told otherwise. */
export const factFor = (more: Partial<ShownFact> = {}): ShownFact => ({
  name: "revenue",
  label: "Revenue",
  value: 12_340,
  shown: "12,340",
  change: { shown: "▲ 4.2%", against: "vs Wed 18 Nov", tone: "good" },
  ...more,
});

/** A fact's specification: `sum(Revenue)` as a number. */
export const specFor = (more: Partial<Fact> = {}): Fact => ({
  name: "revenue",
  label: { en: "Revenue", de: "Umsatz" },
  from: { csv: "sum(Revenue)" },
  against: null,
  style: "number",
  currency: null,
  decimals: null,
  better: "higher",
  ...more,
});

/** One part of a delivery: North, one fact, five rows. */
export const partFor = (more: Partial<PartInput> = {}): PartInput => ({
  part: { report: "daily-sales", view: "summary", filters: { Region: ["North"] }, heading: null, renderId: "1" },
  report: reportFor(),
  view: viewFor(),
  facts: [factFor()],
  rows: 5,
  brokenTiles: [],
  dataAsOf: null,
  link: "https://bi.example.com/views/sales?Region=North",
  missing: false,
  ...more,
});

/** An email's input with one part. */
export const emailFor = (more: Partial<EmailInput> = {}): EmailInput => ({
  delivery: deliveryFor(),
  report: reportFor(),
  parts: [partFor()],
  notice: null,
  dataAsOf: "2026-11-19T05:40:00Z",
  stopUrl: null,
  ...more,
});

/** One picture and a CSV. */
export const filesFor = (more: Partial<EmailFiles> = {}): EmailFiles => ({
  pictures: [{ part: 0, cid: "picture-1@daybreak", width: 576, height: 720 }],
  attachments: [{ name: "daily-sales_North_2026-11-19.csv", kind: "csv", bytes: 9_320 }],
  steps: [],
  ...more,
});

/** A report that brings no texts of its own. */
export const noTexts: ReportTexts = { subject: null, greeting: null, intro: null, contact: null };

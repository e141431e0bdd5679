import type { Format } from "#model/people.ts";

/** Part of the day that a greeting names. */
export type DayPart = "morning" | "day" | "evening";

/** How an outcome is called in the owner's summary. */
export type SummaryOutcome = "sent" | "quarantined" | "failed" | "uncertain" | "expired" | "skipped" | "waiting";

/** Every word of an email that isn't the report's own, in one language. */
export interface MailWords {
  /** `Good morning, Anna Berg.` */
  readonly greeting: (part: DayPart, name: string) => string;
  readonly everything: string;
  /** In a single filter's place, where it narrows nothing: `All: 12 late shipments`. */
  readonly allValues: string;
  readonly unchanged: string;
  /** `4.2 points`, where a percentage moved. */
  readonly points: (amount: string) => string;
  readonly versus: (what: string) => string;
  readonly up: (amount: string) => string;
  readonly down: (amount: string) => string;
  readonly dataAsOf: string;
  readonly filters: string;
  readonly attached: string;
  readonly attachedFormats: (formats: readonly Format[]) => string;
  readonly openLive: string;
  readonly whyTitle: string;
  readonly why: (report: string, label: string) => string;
  readonly contactTitle: string;
  readonly contact: (address: string) => string;
  readonly stop: string;
  readonly trialTitle: string;
  readonly trial: (name: string) => string;
  /** Before the subject of an email that corrects another. */
  readonly correctionTitle: string;
  /** What it replaces, and the operator's reason. */
  readonly correction: (reason: string) => string;
  readonly lateData: (day: string | null) => string;
  readonly lateNote: (day: string) => string;
  readonly emptyPart: (filters: string) => string;
  readonly emptyAll: string;
  /** In the subject, in place of a figure. */
  readonly noRows: string;
  readonly quoted: (text: string) => string;
  readonly brokenTiles: (names: string) => string;
  readonly missingView: (title: string) => string;
  readonly leftOut: Readonly<Record<"pictures" | "jpeg" | "pdf" | "xlsx" | "csv", string>>;
  readonly pictureInPdf: string;
  readonly andMore: (count: number) => string;
  readonly picture: string;
  readonly summary: SummaryWords;
}

/** The words of the owner's one summary of a slot. */
export interface SummaryWords {
  readonly title: string;
  /** For each of one email, of none that was due, and of several. */
  readonly oneWell: (finished: string) => string;
  readonly noneDue: string;
  readonly allWell: (sent: string, finished: string) => string;
  readonly partly: (sent: string, wanted: string, finished: string) => string;
  readonly outcome: Readonly<Record<SummaryOutcome, string>>;
  readonly toDo: string;
  readonly nothingToDo: string;
  readonly recipient: string;
  readonly what: string;
  readonly next: string;
  readonly late: (day: string | null) => string;
  readonly openLedger: string;
  readonly why: string;
}

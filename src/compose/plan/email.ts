import type { Delivery, DeliveryPart, Slot } from "#model/delivery.ts";
import type { ShownFact } from "#model/message.ts";
import type { Report, ReportView } from "#model/report.ts";

/** What was gathered about one part of a delivery: one view with one set of filters. */
export interface PartInput {
  readonly part: DeliveryPart;
  /** The report that the part belongs to: the delivery's own, or one of its bundle. */
  readonly report: Report;
  readonly view: ReportView;
  readonly facts: readonly ShownFact[];
  /** Rows of the view's CSV; 0 says so to the reader, `null`: not known. */
  readonly rows: number | null;
  readonly brokenTiles: readonly string[];
  /** The page's own words about the date of its data. */
  readonly dataAsOf: string | null;
  /** Address of the live view; `null` without a link. */
  readonly link: string | null;
  /** The view could not be drawn and the report says to send without it. */
  readonly missing: boolean;
}

/** Everything that an email is written from, apart from its files. */
export interface EmailInput {
  readonly delivery: Delivery;
  readonly report: Report;
  /** In the delivery's order. */
  readonly parts: readonly PartInput[];
  readonly notice: Slot["notice"];
  readonly dataAsOf: string | null;
  /** Where a reader can stop this email; `null`: nowhere yet. */
  readonly stopUrl: string | null;
}

/** The report's own texts with their variables filled in, in the recipient's language; `null`: not given. */
export interface ReportTexts {
  readonly subject: string | null;
  readonly greeting: string | null;
  readonly intro: string | null;
  readonly contact: string | null;
}

/** A picture as the HTML shows it: by content id, with its size in CSS pixels. */
export interface ShownPicture {
  readonly part: number;
  readonly cid: string;
  readonly width: number;
  readonly height: number;
}

/** A file as the email lists it. */
export interface ListedFile {
  readonly name: string;
  readonly kind: string;
  readonly bytes: number;
}

/** What the size budget left over, and what it did. */
export interface EmailFiles {
  readonly pictures: readonly ShownPicture[];
  readonly attachments: readonly ListedFile[];
  readonly steps: readonly SizeStep[];
}

/** One act to keep an email small, in the order in which they are taken. */
export type SizeStep =
  | "palette"
  | "jpeg"
  | "small-jpeg"
  | "without-xlsx"
  | "without-pictures"
  | "without-csv"
  | "without-pdf";

/** A band above the sections. */
export interface NoticeView {
  readonly tone: "late" | "note" | "trial";
  readonly title: string | null;
  readonly text: string;
}

/** A fact as a template shows it. */
export interface FactView {
  readonly label: string;
  readonly shown: string;
  readonly change: string | null;
  readonly against: string | null;
  readonly tone: "good" | "bad" | "even";
  /** Has so many letters that it needs a smaller size. */
  readonly long: boolean;
  /** Last of its row on a wide screen. */
  readonly last: boolean;
}

/** The figure that matters of each section, where there are several: what a reader on a phone sees without scrolling. */
export interface OverviewView {
  readonly label: string;
  readonly rows: readonly {
    readonly heading: string;
    readonly shown: string;
    readonly change: string | null;
    readonly tone: FactView["tone"];
  }[];
  /** What all of them are compared with; `null`: not all with the same. */
  readonly against: string | null;
}

/** One part as a template shows it. */
export interface SectionView {
  readonly heading: string | null;
  readonly filters: string | null;
  readonly notes: readonly string[];
  /** The figure that matters, shown large; `null` where two stand side by side or there is none. */
  readonly lead: FactView | null;
  /** The figures below it. */
  readonly facts: readonly FactView[];
  /** Those figures beside each other on a wide screen; a phone shows two. */
  readonly columns: 2 | 3 | 4;
  /** What all of them are compared with, so that it is said once; `null`: the lead says it, or each its own. */
  readonly against: string | null;
  readonly picture: {
    readonly cid: string;
    readonly alt: string;
    readonly width: number;
    readonly height: number;
  } | null;
  readonly link: string | null;
}

/** All that a mail template may show: plain text, ready in the recipient's language. Templates escape it. */
export interface EmailView {
  readonly language: string;
  readonly subject: string;
  readonly preheader: string;
  readonly title: string;
  readonly date: string;
  readonly audience: string | null;
  /** `Data as of Wednesday 18 November`; `null` where it isn't known or a notice says it. */
  readonly asOf: string | null;
  readonly greeting: string | null;
  readonly intro: readonly string[];
  readonly notices: readonly NoticeView[];
  readonly overview: OverviewView | null;
  readonly sections: readonly SectionView[];
  readonly openLive: string;
  readonly attached: {
    readonly title: string;
    readonly files: readonly { readonly name: string; readonly kind: string; readonly size: string }[];
  } | null;
  readonly footer: readonly { readonly title: string | null; readonly text: string }[];
  readonly stop: { readonly url: string; readonly words: string } | null;
}

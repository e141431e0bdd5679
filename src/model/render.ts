import type { Filters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { ReportView } from "#model/report.ts";

/** The input of a render: the same key is drawn once for all who share it. */
export interface RenderRequest {
  readonly key: string;
  readonly version: string;
  readonly view: ReportView;
  readonly filters: Filters;
  readonly locale: string;
  readonly zone: string;
  readonly formats: readonly Format[];
  /** Elements of the page whose text the proof wants to see. */
  readonly elements: readonly string[];
  readonly nominal: string;
}

/** The bytes that came out of a render, kept in a bucket under their hash. */
export interface Artifact {
  readonly id: string;
  readonly renderId: string;
  readonly format: Format;
  readonly mediaType: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Key in the artifact bucket. */
  readonly path: string;
  /** Pixels of a picture, at its device scale. */
  readonly width: number | null;
  readonly height: number | null;
}

/** A data request of the page load that drew the picture, as Chromium saw it. */
export interface DataRequest {
  readonly method: string;
  readonly url: string;
  readonly postBody: string | null;
  readonly status: number;
  /** Column name → distinct values seen in the rows of the JSON answer (at most 200 a column); `null`: not JSON or too large. */
  readonly columns: Readonly<Record<string, readonly string[]>> | null;
  /** The answer was too large to be looked at. */
  readonly isTooLarge?: boolean;
}

/** Everything that a render saw beside its artifacts; the proof judges it. */
export interface RenderEvidence {
  readonly requests: readonly DataRequest[];
  /** Selector → text, for the elements that the proof rules name. */
  readonly elements: Readonly<Record<string, string>>;
  /** Header and number of rows of the CSV; `null`: the view gave none. */
  readonly csv: {
    readonly columns: readonly string[];
    readonly rows: number;
    /** Column → distinct values with their number of rows, at most 200; longer ones are cut and say so in `cut`. */
    readonly values: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly cut: readonly string[];
  } | null;
  /** Filter name → column of the CSV and parameter of the data requests, as the server's catalog names them. */
  readonly filterColumns: Readonly<Record<string, string>>;
  readonly filterParameters: Readonly<Record<string, string>>;
  readonly brokenTiles: readonly string[];
  /** The page's own words about the date of its data, where the server has a place for it. */
  readonly dataAsOf: string | null;
  readonly drawnMs: number;
}

import type { DataRequest, RenderEvidence } from "#model/render.ts";
import type { ProofRules } from "#model/report.ts";
import type { Question } from "#proof/plan/judgement.ts";

/** Rules that declare nothing. */
export const rules: ProofRules = { mode: null, columns: {}, parameters: {}, elements: {}, ignoreRequests: [] };

/** A data request that asked for regions and was answered. */
export const asked = (regions: readonly string[], more: Partial<DataRequest> = {}): DataRequest => ({
  method: "GET",
  url: `https://bi.example.com/api/data/revenue?${new URLSearchParams(regions.map((region): [string, string] => ["Region", region]))}`,
  postBody: null,
  status: 200,
  columns: null,
  ...more,
});

/** A POST with a body to the same server. */
export const posted = (postBody: string): DataRequest => asked([], { method: "POST", postBody });

/** A CSV's evidence: column → value → number of rows. */
export const csv = (
  values: Readonly<Record<string, Readonly<Record<string, number>>>>,
  cut: readonly string[] = [],
): RenderEvidence["csv"] => ({
  columns: Object.keys(values),
  rows: Math.max(0, ...Object.values(values).map((counts) => Object.values(counts).reduce((sum, n) => sum + n, 0))),
  values,
  cut,
});

/** Evidence of a page that made no request and gave no rows. */
export const nothing: RenderEvidence = {
  requests: [],
  elements: {},
  csv: null,
  filterColumns: {},
  filterParameters: {},
  brokenTiles: [],
  dataAsOf: null,
  drawnMs: 1,
};

/** A question about the regions North and South, PNG and CSV, with the given evidence. */
export const question = (evidence: Partial<RenderEvidence>, more: Partial<Question> = {}): Question => ({
  filters: { Region: ["North", "South"] },
  rules,
  formats: ["png", "csv"],
  filterColumns: {},
  filterParameters: {},
  ...more,
  evidence: { ...nothing, ...evidence },
});

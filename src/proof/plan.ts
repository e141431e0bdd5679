import type { Format } from "#model/people.ts";
import type { Proof, Verdict } from "#model/proof.ts";
import type { ProofMode, ProofRules, Report } from "#model/report.ts";
import type { Finding, Judgement, Question, Wanted } from "#proof/plan/judgement.ts";
import { together } from "#proof/plan/judgement.ts";
import { judgePage } from "#proof/plan/page.ts";
import { judgeRows } from "#proof/plan/rows.ts";

/**
 * Is it theirs? One verdict for each format, with its evidence in sentences. The caller hands in only the server's data
 * requests (`ReportServer.isDataRequest`) and what the catalog knows of the filters.
 */
export const judge = (question: Question): readonly Judgement[] => {
  const findings = findingsOf(question);
  return question.formats.map((format) => ({ format, ...together([findings(format)]) }));
};

const findingsOf = (question: Question): ((format: Format) => Finding) => {
  const { filters } = question;
  if (filters === "all") {
    const seesAll = isEmpty(question) ? nothingAtAll : explicitAll;
    return () => seesAll;
  }
  const wanted = Object.entries(filters).map(([filter, values]) => ({ filter, values }));
  const hollow = mistakeIn(wanted);
  if (hollow !== null) return () => hollow;
  const rows = judgeRows(question, wanted);
  const page = emptyToo(judgePage(question, wanted), question);
  return (format) => (format === "csv" || format === "xlsx" ? rows : page);
};

const explicitAll: Finding = {
  verdict: "proven",
  evidence: ["This recipient sees everything; that was said explicitly."],
};
const nothingAtAll: Finding = {
  verdict: "empty",
  evidence: ["This recipient sees everything, and the view has no rows."],
};

const isEmpty = ({ evidence }: Question): boolean => evidence.csv?.rows === 0;

/** A proven page whose view has no rows is an empty page: what was asked for is right, and there is nothing to see. */
const emptyToo = (page: Finding, question: Question): Finding =>
  page.verdict === "proven" && isEmpty(question)
    ? { ...page, verdict: "empty", evidence: [...page.evidence, "The view has no rows for these filters."] }
    : page;

/** Filters are checked long before; but a proof about no filter or no value would be vacuous, so it is refused here as well. */
const mistakeIn = (wanted: readonly Wanted[]): Finding | null => {
  const without = wanted.find(({ values }) => values.length === 0);
  if (wanted.length > 0 && without === undefined) return null;
  const sentence = without === undefined ? "There is no filter to prove." : `${without.filter} has no value to prove.`;
  return { verdict: "unproven", evidence: [sentence] };
};

/** What is asked of the evidence when the report doesn't say: a trial warns, a live report holds back. */
export const modeOf = (rules: ProofRules, isLive: boolean): ProofMode => rules.mode ?? (isLive ? "enforce" : "warn");

/** What becomes of one part. `empty`: it holds nothing, and the report's policy says what the recipient gets instead. */
export interface Decision {
  readonly outcome: "pass" | "quarantine" | "empty";
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** The judgements over one part's artifacts; stored ones have no warnings of their own. */
export type Judged = Pick<Proof, "format" | "verdict" | "evidence"> & { readonly warnings?: readonly string[] };

/**
 * Decides over one part by its verdicts. `warn` lets pass what can't be proven; what contradicts the filter is somebody else's data, and
 * leaves a live report under no such setting. An empty part whose policy is a note or nothing is `empty` even if its picture is
 * unproven, since the picture isn't sent; a mismatch is held back all the same, because it says that the server can't be trusted.
 */
export const decide = (asked: {
  readonly judged: readonly Judged[];
  readonly mode: ProofMode;
  readonly isLive: boolean;
  readonly empty: Report["empty"];
}): Decision => {
  const { judged, mode, isLive } = asked;
  const warnings = judged.flatMap((one) => one.warnings ?? []);
  const emptied = sentences(judged, "empty");
  const against = mode === "off" ? [] : objections(judged, emptied.length > 0 && asked.empty !== "send");
  const isContradicted = isLive && judged.some(({ verdict }) => verdict === "mismatch");
  if (against.length > 0 && (mode === "enforce" || isContradicted))
    return { outcome: "quarantine", reasons: unique(against), warnings: unique(warnings) };
  const told = unique([...warnings, ...against]);
  if (emptied.length === 0) return { outcome: "pass", reasons: sentences(judged, "proven"), warnings: told };
  if (asked.empty === "send") return { outcome: "pass", reasons: emptied, warnings: unique([...told, ...emptied]) };
  return { outcome: "empty", reasons: emptied, warnings: told };
};

const objections = (judged: readonly Judged[], pictureStaysHome: boolean): readonly string[] => {
  if (judged.length === 0) return ["No artifact was judged, so nothing is proven."];
  const ordered = rowsFirst(judged);
  return [...sentences(ordered, "mismatch"), ...(pictureStaysHome ? [] : sentences(ordered, "unproven"))];
};

/** “143 of 174 rows hold something else” tells an operator at once what the requests of a page only hint at. */
const rowsFirst = (judged: readonly Judged[]): readonly Judged[] =>
  judged.toSorted((one, other) => Number(isOfPage(one)) - Number(isOfPage(other)));

const isOfPage = ({ format }: Judged): boolean => format === "png" || format === "pdf";

const sentences = (judged: readonly Judged[], verdict: Verdict): readonly string[] =>
  unique(judged.filter((one) => one.verdict === verdict).flatMap(({ evidence }) => evidence));

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** One artifact of one slot, for the comparison with the others of the same view. */
export interface Sample {
  readonly deliveryId: string;
  /** `canonicalFilters` of what it was drawn with. */
  readonly filtersKey: string;
  readonly format: Format;
  readonly sha256: string;
  readonly verdict: Verdict;
}

/** An artifact that is byte for byte somebody else's. */
export interface Collision {
  readonly deliveryId: string;
  readonly format: Format;
  readonly others: readonly string[];
  readonly reason: string;
}

/**
 * Artifacts of different filters with the same bytes: one of them is likely not what it says. Only CSV and PNG are compared,
 * since PDF and XLSX carry times. Empty ones are alike by nature, and a CSV that is proven row by row may well be another's too
 * (“North” and “North, South” on a day when South sold nothing).
 */
export const collisions = (samples: readonly Sample[]): readonly Collision[] => {
  const alike = Map.groupBy(samples.filter(isComparable), ({ format, sha256 }) => `${format} ${sha256}`);
  return [...alike.values()]
    .filter((group) => new Set(group.map(({ filtersKey }) => filtersKey)).size > 1)
    .flatMap((group) => group.map((one) => collisionOf(one, group)));
};

const isComparable = ({ format, verdict }: Sample): boolean => {
  if (verdict === "empty") return false;
  return format === "png" || (format === "csv" && verdict !== "proven");
};

const collisionOf = (one: Sample, group: readonly Sample[]): Collision => {
  const others = group.filter(({ filtersKey }) => filtersKey !== one.filtersKey).map(({ deliveryId }) => deliveryId);
  return {
    deliveryId: one.deliveryId,
    format: one.format,
    others: unique(others),
    reason: `The ${one.format.toUpperCase()} is byte for byte the same as that of ${others.length === 1 ? "a delivery" : `${others.length} deliveries`} with other filters.`,
  };
};

/** What a report server says about a report's views, filters, values and evidence, as findings. */
import { type Finding, faulty, warning } from "#actions/findings.ts";
import { mistakeInExpression } from "#compose/plan/expression.ts";
import type { DeliveryDraft } from "#model/delivery.ts";
import { nearestTo } from "#model/nearest.ts";
import type { RenderEvidence, RenderRequest } from "#model/render.ts";
import type { Report, ReportView } from "#model/report.ts";
import { judge } from "#proof/plan.ts";
import type { FilterInfo, ViewInfo } from "#render/port.ts";

const meant = (word: string, known: readonly string[]): string => {
  const near = nearestTo(word, known);
  if (near !== null) return `did you mean “${near}”?`;
  const few = known
    .slice(0, 8)
    .map((one) => `“${one}”`)
    .join(", ");
  return known.length === 0 ? "the server has none" : `the server has ${few}${known.length > 8 ? ", …" : ""}`;
};

/** Judges a view's path, and its report's filters, by what the server lists. Where it can't tell, nothing is found. */
export const judgeView = (report: Report, view: ReportView, listed: readonly ViewInfo[]): readonly Finding[] => {
  const info = listed.find((one) => one.path === view.path);
  if (listed.length === 0) return [];
  if (info === undefined) {
    return [
      faulty(
        report.name,
        `the server “${view.server}” has no view “${view.path}”`,
        meant(
          view.path,
          listed.map((one) => one.path),
        ),
      ),
    ];
  }
  if (info.filters === null) return [];
  const names = info.filters.map((filter) => filter.name);
  return Object.keys(report.filter)
    .filter((name) => !names.includes(name))
    .map((name) => faulty(report.name, `view “${view.path}” has no filter “${name}”`, meant(name, names)));
};

/** Values of people's filters that the server doesn't offer: their pictures would be empty, or everybody's. */
export const judgeValues = (
  { drafts, places }: { readonly drafts: readonly DeliveryDraft[]; readonly places: Readonly<Record<string, string>> },
  view: ReportView,
  listed: readonly ViewInfo[],
): readonly Finding[] => {
  const filters = listed.find((one) => one.path === view.path)?.filters ?? [];
  const offered = new Map(filters.map((filter) => [filter.name, filter]));
  return drafts.flatMap((draft) => {
    if (draft.skip !== null || draft.filters === "all") return [];
    return Object.entries(draft.filters).flatMap(([name, values]) =>
      oddValues(draft, { name, values, info: offered.get(name), place: places[draft.recipientId] }),
    );
  });
};

interface Asked {
  readonly name: string;
  readonly values: readonly string[];
  readonly info: FilterInfo | undefined;
  readonly place: string | undefined;
}

const oddValues = (draft: DeliveryDraft, { name, values, info, place }: Asked): readonly Finding[] => {
  const known = info?.values ?? null;
  if (known === null) return [];
  return values
    .filter((value) => !known.includes(value))
    .map((value) =>
      warning(
        draft.report,
        `${place === undefined ? "" : `${place}: `}${draft.recipientName}: ${name} “${value}” isn't among the view's values`,
        meant(value, known),
      ),
    );
};

/** Judges what drawing one person's view yielded: whether figures find their columns, and whether going live would hold it back. */
export const judgeEvidence = (report: Report, request: RenderRequest, evidence: RenderEvidence): readonly Finding[] => [
  ...judgeFacts(report, evidence),
  ...judgeProof(report, request, evidence),
];

const judgeFacts = (report: Report, { csv }: RenderEvidence): readonly Finding[] =>
  report.facts.flatMap((fact) => {
    const texts = ["csv" in fact.from ? fact.from.csv : null, fact.against?.csv ?? null].filter(
      (text) => text !== null,
    );
    if (texts.length === 0) return [];
    if (csv === null) {
      const mend = "give the view a csv, or take the figure from SQL";
      return [warning(report.name, `figure “${fact.name}” needs the view's rows, and the view gives none`, mend)];
    }
    return texts.flatMap((text) => {
      const mistake = mistakeInExpression(text, csv.columns);
      return mistake === null
        ? []
        : [warning(report.name, `figure “${fact.name}”: ${mistake}`, `correct reports.${report.name}.facts`)];
    });
  });

const judgeProof = (report: Report, request: RenderRequest, evidence: RenderEvidence): readonly Finding[] => {
  const { mode } = report.proof;
  if (mode === "off" || request.filters === "all") return [];
  const { filterColumns, filterParameters } = evidence;
  const question = {
    filters: request.filters,
    rules: report.proof,
    evidence,
    formats: request.formats,
    filterColumns,
    filterParameters,
  };
  const held = mode === "warn" ? "it is sent with a warning" : "live, it is held back";
  return judge(question)
    .filter(({ verdict }) => verdict === "unproven" || verdict === "mismatch")
    .map(({ format, verdict, evidence: sentences }) => {
      const what = verdict === "mismatch" ? "shows something else than was asked for" : "can't be proven";
      const why = sentences.join(" ");
      return warning(
        report.name,
        `the ${format.toUpperCase()} of “${request.view.path}” ${what}, so ${held}: ${why}`,
        `see reports.${report.name}.proof`,
      );
    });
};

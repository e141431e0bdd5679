import type { DeliveryDraft } from "#model/delivery.ts";
import { canonicalFilters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { RenderRequest } from "#model/render.ts";
import type { Report, ReportView } from "#model/report.ts";

/** What the requests are made from; `hash` turns an identity into a short key. */
export interface RenderFacts {
  readonly report: Report;
  readonly version: string;
  readonly hash: (text: string) => string;
}

/** The render request of each part of a draft, in order. Equal requests have equal keys, whoever they are for. */
export const requestsOf = (draft: DeliveryDraft, facts: RenderFacts): readonly RenderRequest[] =>
  draft.parts.map((part) => {
    const { report, view } = viewOf(part, facts.report);
    const locale = view.language === "recipient" ? draft.locale : report.locale;
    const nominal = draft.nominal.toString();
    const identity = [
      facts.version,
      report.name,
      view.name,
      view.server,
      canonicalFilters(part.filters),
      view.look,
      locale,
      report.zone,
      nominal,
    ];
    return {
      key: facts.hash(JSON.stringify(identity)),
      version: facts.version,
      view,
      filters: part.filters,
      locale,
      zone: report.zone,
      formats: formatsToDraw(report, draft.formats),
      elements: Object.values(report.proof.elements),
      nominal,
    };
  });

/** The report of a bundle and its view that a part names. */
export const viewOf = (
  part: { readonly report: string; readonly view: string },
  leader: Report,
): { readonly report: Report; readonly view: ReportView } => {
  for (const report of [leader, ...leader.bundled]) {
    const view = report.name === part.report ? report.views.find((one) => one.name === part.view) : undefined;
    if (view !== undefined) return { report, view };
  }
  throw new Error(`report version without view ${part.report}/${part.view}`);
};

/** The picture always, since the email shows it; the rows too where the proof, a figure or a table wants them. */
const formatsToDraw = (report: Report, wanted: readonly Format[]): readonly Format[] => {
  const rows =
    report.proof.mode !== "off" ||
    report.facts.some((fact) => "csv" in fact.from) ||
    wanted.includes("csv") ||
    wanted.includes("xlsx");
  return (["png", "pdf", "csv"] as const).filter(
    (format) => format === "png" || (format === "pdf" ? wanted.includes("pdf") : rows),
  );
};

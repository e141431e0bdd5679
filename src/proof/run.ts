import type { Delivery, DeliveryPart } from "#model/delivery.ts";
import { canonicalFilters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { Proof } from "#model/proof.ts";
import type { Report } from "#model/report.ts";
import { type Collision, collisions, type Decision, decide, type Judged, judge, modeOf } from "#proof/plan.ts";
import type { Log } from "#runtime/log.ts";
import { moveDelivery, putProofs } from "#store/deliveries.ts";
import type { Pool } from "#store/pool.ts";
import { drawingsOf, holdBack } from "#store/proofs.ts";
import { type RenderRow, twinsOf } from "#store/renders.ts";

/** What the proof of a delivery says: send it, hold it back with its evidence, there is nothing to send, or it is being drawn anew. */
export type Judgment =
  | { readonly outcome: "proven"; readonly warnings: readonly string[] }
  | { readonly outcome: "quarantined"; readonly reasons: readonly string[] }
  | { readonly outcome: "skipped"; readonly reasons: readonly string[] }
  | { readonly outcome: "outdated" };

/** Finds the report of the bundle that a part belongs to. */
export type ReportOfPart = (part: DeliveryPart) => Report;

/** Judges every part of a drawn delivery and stores the verdicts with their evidence. A part whose render was lost has nothing to judge. */
export const proveDelivery = async (delivery: Delivery, reportOf: ReportOfPart, pool: Pool): Promise<Judgment> => {
  const drawings = await drawingsOf(pool, delivery.id);
  const decisions: { readonly decision: Decision; readonly policy: Report["empty"] }[] = [];
  const proofs: Proof[] = [];
  for (const [index, part] of delivery.parts.entries()) {
    const render = drawings.find((drawing) => drawing.part === index)?.render;
    if (render?.state === "wanted" || render?.state === "drawing") return { outcome: "outdated" };
    if (render?.state !== "ready") continue;
    const report = reportOf(part);
    const judged = judgePart({ delivery, part, report, render });
    proofs.push(...judged.map(({ format, verdict, evidence }) => ({ part: index, format, verdict, evidence })));
    const isLive = !delivery.trial;
    const mode = modeOf(report.proof, isLive);
    decisions.push({ decision: decide({ judged, mode, isLive, empty: report.empty }), policy: report.empty });
  }
  await putProofs(pool, delivery.id, { proofs, drawings });
  if (delivery.trial) return conclude(decisions, []);
  const alike = await swapped(delivery, pool);
  await holdOthers(alike, delivery, pool);
  return conclude(decisions, alike.filter((one) => one.deliveryId === delivery.id).map(sentenceOf));
};

const conclude = (
  decisions: readonly { readonly decision: Decision; readonly policy: Report["empty"] }[],
  twins: readonly string[],
): Judgment => {
  const held = decisions.filter(({ decision }) => decision.outcome === "quarantine");
  const reasons = [...held.flatMap(({ decision }) => decision.reasons), ...twins];
  if (reasons.length > 0) return { outcome: "quarantined", reasons };
  const silent = decisions.filter(({ decision, policy }) => decision.outcome === "empty" && policy === "skip");
  if (silent.length > 0 && silent.length === decisions.length) {
    return { outcome: "skipped", reasons: silent.flatMap(({ decision }) => decision.reasons) };
  }
  return { outcome: "proven", warnings: decisions.flatMap(({ decision }) => decision.warnings) };
};

interface PartFacts {
  readonly delivery: Delivery;
  readonly part: DeliveryPart;
  readonly report: Report;
  readonly render: RenderRow;
}

/** Rows that nobody receives and no figure comes from can only speak against a delivery, or say that it is empty. */
const judgePart = ({ delivery, part, report, render }: PartFacts): readonly Judged[] => {
  const { evidence } = render;
  if (evidence === null) return [];
  const formats = new Set<Format>(["png", ...delivery.formats]);
  const rowsAreUsed = formats.has("csv") || formats.has("xlsx") || report.facts.some((fact) => "csv" in fact.from);
  if (evidence.csv !== null) formats.add("csv");
  const { filterColumns, filterParameters } = evidence;
  const question = {
    filters: part.filters,
    rules: report.proof,
    evidence,
    formats: [...formats],
    filterColumns,
    filterParameters,
  };
  const alone = (one: Judged) => one.format === "csv" && !rowsAreUsed && one.verdict === "unproven";
  return judge(question).filter((one) => !alone(one));
};

const swapped = async (delivery: Delivery, pool: Pool): Promise<readonly Collision[]> => {
  const twins = await twinsOf(pool, delivery.id, delivery.nominal);
  const samples = twins.map(({ deliveryId, filters, format, sha256, rows }) => ({
    deliveryId,
    filtersKey: canonicalFilters(filters),
    format,
    sha256,
    verdict: rows === 0 ? ("empty" as const) : ("unproven" as const),
  }));
  return collisions(samples);
};

const sentenceOf = ({ reason, others }: Collision): string =>
  `${reason} (${others.map((id) => `delivery ${id}`).join(", ")})`;

/**
 * One of two equal pictures shows somebody else's figures, and nobody knows which. The one that was drawn first was proven when there
 * was nothing to compare it with; unless it has begun to leave, it is held back as well. Costs nothing while no two are alike.
 */
const holdOthers = async (alike: readonly Collision[], delivery: Delivery, pool: Pool): Promise<void> => {
  for (const one of alike) {
    if (one.deliveryId !== delivery.id) await holdBack(pool, one.deliveryId, sentenceOf(one));
  }
};

/** A delivery whose picture was or is being drawn anew waits for it as it did the first time, and the new one is proven. */
export const planAgain = async (
  { id }: Delivery,
  from: "drawn" | "proven",
  { pool, log }: { readonly pool: Pool; readonly log: Log },
): Promise<void> => {
  log.info("delivery.outdated", { delivery: id });
  await moveDelivery(pool, { id, from, to: "planned" });
};

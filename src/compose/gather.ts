import type { DrawnFiles } from "#compose/drawn.ts";
import type { PartInput } from "#compose/plan/email.ts";
import { factsOf, type PreviousFigure } from "#compose/plan/facts.ts";
import { previousOf } from "#compose/plan/kept.ts";
import { tableOf } from "#compose/tables.ts";
import type { Delivery, DeliveryPart } from "#model/delivery.ts";
import { Fault, wordsOf } from "#model/fault.ts";
import type { ShownFact, Table } from "#model/message.ts";
import type { Artifact } from "#model/render.ts";
import type { Report, ReportView } from "#model/report.ts";
import type { Source } from "#sources/port.ts";
import { lastSentFacts } from "#store/deliveries.ts";
import type { Pool } from "#store/pool.ts";
import { artifactsOf, type RenderRow, renderById } from "#store/renders.ts";

/** What gathering uses. */
export interface GatherParts {
  readonly pool: Pool;
  readonly drawn: DrawnFiles;
  readonly sources: ReadonlyMap<string, Source>;
  /** The live address of a view with filters; `null` where its server isn't known here. */
  readonly linkTo: (view: ReportView, filters: DeliveryPart["filters"] | null, locale: string) => string | null;
}

/** One artifact's bytes; pixels where it is a picture. */
export interface GatheredFile {
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly width: number | null;
  readonly height: number | null;
}

/** One part with the bytes of its artifacts and its rows. */
export interface GatheredPart {
  readonly input: PartInput;
  readonly files: Readonly<Partial<Record<Artifact["format"], GatheredFile>>>;
  readonly table: Table | null;
}

/** A delivery's parts as they were drawn, and what could not be had, for the operator. */
export interface Gathered {
  readonly parts: readonly GatheredPart[];
  readonly mistakes: readonly string[];
}

type Find = (part: DeliveryPart) => { readonly report: Report; readonly view: ReportView };

/** Gathers everything that a delivery's email shows: pictures, rows, figures with their change, links. */
export const gather = async (delivery: Delivery, find: Find, parts: GatherParts): Promise<Gathered> => {
  const last = await lastSentFacts(parts.pool, delivery);
  const mistakes: string[] = [];
  const gathered: GatheredPart[] = [];
  for (const [index, part] of delivery.parts.entries()) {
    const render = await renderById(parts.pool, part.renderId);
    const files = render?.state === "ready" ? await filesOf(part.renderId, parts) : {};
    const table = files.csv === undefined ? null : tableOf(files.csv.bytes);
    const previous = last === null ? null : previousOf(last, part, index);
    const facts = await figures({ delivery, part, table, previous, report: find(part).report }, parts);
    mistakes.push(...facts.mistakes);
    gathered.push({
      files,
      table,
      input: inputOf({ delivery, part, render, facts: facts.facts, ...find(part) }, parts),
    });
  }
  return { parts: gathered, mistakes };
};

const filesOf = async (renderId: string, { pool, drawn }: GatherParts): Promise<GatheredPart["files"]> => {
  const files: Partial<Record<Artifact["format"], GatheredFile>> = {};
  for (const { format, path, sha256, width, height } of await artifactsOf(pool, [renderId])) {
    const bytes = await drawn.read({ path, sha256 });
    // What was proven is sent, and nothing else: a file that was cut off, damaged or exchanged is as good as none.
    if (bytes === null) {
      const hint = "draw it anew: daybreak deliveries retry";
      throw new Fault(
        "bucket.io",
        `The ${format.toUpperCase()} of render ${renderId} is not in the artifact folder as it was drawn.`,
        {
          hint,
        },
      );
    }
    files[format] = { sha256, bytes, width, height };
  }
  return files;
};

interface FactFacts {
  readonly delivery: Delivery;
  readonly part: DeliveryPart;
  readonly report: Report;
  readonly table: Table | null;
  readonly previous: Readonly<Record<string, PreviousFigure>> | null;
}

const figures = async (facts: FactFacts, { sources }: GatherParts) => {
  const { delivery, part, report, table, previous } = facts;
  const sql: Record<string, number | null> = {};
  const mistakes: string[] = [];
  for (const { name, from } of report.facts) {
    if (!("sql" in from)) continue;
    try {
      sql[name] = await figureFrom(sources.get(from.source), from.sql, { delivery, part });
    } catch (error) {
      sql[name] = null;
      mistakes.push(`fact “${name}”: ${wordsOf(error)}`);
    }
  }
  const made = factsOf({ specs: report.facts, table, sql, previous, locale: delivery.locale });
  return { facts: made.facts, mistakes: [...mistakes, ...made.mistakes] };
};

/** The first cell of a fact's query, with the filters bound by name (`= any(:Region)`) and the slot's date as `:date`. */
const figureFrom = async (
  source: Source | undefined,
  sql: string,
  { delivery, part }: Pick<FactFacts, "delivery" | "part">,
): Promise<number | null> => {
  if (source === undefined)
    throw new Fault("source.unreachable", "its source is not configured here", { hint: "name it under sources" });
  const date = delivery.nominal.toZonedDateTimeISO(delivery.zone).toPlainDate().toString();
  const filters = part.filters === "all" ? {} : part.filters;
  const { columns, rows } = await source.query({ sql, parameters: { date, ...filters } });
  const cell = rows[0]?.[columns[0] ?? ""] ?? null;
  const value = cell === null ? null : Number(cell);
  if (value !== null && !Number.isFinite(value))
    throw new Fault("source.query", `its first cell is “${cell}”, not a number`, { hint: "select a number" });
  return value;
};

interface InputFacts {
  readonly delivery: Delivery;
  readonly part: DeliveryPart;
  readonly report: Report;
  readonly view: ReportView;
  readonly render: RenderRow | null;
  readonly facts: readonly ShownFact[];
}

const inputOf = ({ delivery, part, report, view, render, facts }: InputFacts, { linkTo }: GatherParts): PartInput => {
  const evidence = render?.evidence ?? null;
  const isDrawn = render?.state === "ready";
  const filters = report.link === "filtered" ? part.filters : null;
  return {
    part,
    report,
    view,
    facts: isDrawn ? facts : [],
    rows: evidence?.csv?.rows ?? null,
    brokenTiles: evidence?.brokenTiles ?? [],
    dataAsOf: evidence?.dataAsOf ?? null,
    link: report.link === "none" ? null : linkTo(view, filters, delivery.locale),
    missing: !isDrawn,
  };
};

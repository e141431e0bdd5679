import type { Correction, DeliveryState, Envelope } from "#model/delivery.ts";
import type { Filters } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { Temporal } from "#model/time.ts";
import { as, at, type Db, instant, instantOrNull, many, type Row, text, textOrNull } from "#store/db.ts";

/** Every statement of what an auditor reads; a test prepares each. */
export const statements = {
  page: `select d.*, r.key as recipient_key, m.message_id, m.sha256, m.bytes,
      coalesce((select jsonb_agg(jsonb_build_object('report', p.report, 'view', p.view, 'filters', p.filters, 'format', x.format,
          'sha256', x.sha256, 'verdict', x.verdict, 'evidence', x.evidence) order by p.part, x.format)
        from proofs x join delivery_parts p on p.delivery_id = x.delivery_id and p.part = x.part where x.delivery_id = d.id), '[]') as proofs,
      coalesce((select jsonb_agg(jsonb_build_object('n', a.n, 'startedAt', a.started_at, 'finishedAt', a.finished_at,
          'outcome', a.outcome, 'words', a.words) order by a.n) from attempts a where a.delivery_id = d.id), '[]') as tries,
      coalesce((select jsonb_agg(jsonb_build_object('kind', e.kind, 'email', e.email, 'words', e.words, 'at', e.at) order by e.at, e.id)
        from mail_events e where e.delivery_id = d.id), '[]') as events
    from deliveries d join recipients r on r.id = d.recipient_id left join messages m on m.delivery_id = d.id
    where d.id > $1 and d.nominal >= $2 and d.nominal < $3 and ($4::text is null or d.report = $4)
      and d.occasion not like 'preview:%' order by d.id limit $5`,
};

/** One file of an email, with what was proven of it. `sha256` is `null` for what was proven before hashes were kept. */
export interface AuditedFile {
  readonly report: string;
  readonly view: string;
  readonly filters: Filters;
  readonly format: Format;
  readonly sha256: string | null;
  readonly verdict: string;
  readonly evidence: readonly string[];
}

/** Everything that an auditor asks of one email; it outlives its pictures and its text. */
export interface AuditedDelivery {
  readonly id: string;
  readonly nominal: Temporal.Instant;
  readonly zone: string;
  readonly report: string;
  /** Hash of the report's definition that was in force. */
  readonly version: string;
  readonly occasion: string;
  readonly recipientKey: string;
  readonly recipientName: string;
  readonly envelope: Envelope;
  readonly label: string;
  readonly filters: Filters;
  readonly formats: readonly Format[];
  readonly trial: boolean;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly createdAt: Temporal.Instant;
  readonly finishedAt: Temporal.Instant | null;
  readonly files: readonly AuditedFile[];
  /** Who let a quarantined one go, and why. */
  readonly releasedBy: string | null;
  readonly message: { readonly messageId: string; readonly sha256: string; readonly bytes: number } | null;
  readonly receipt: { readonly words: string; readonly note: string | null } | null;
  readonly tries: readonly {
    readonly n: number;
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly outcome: string | null;
    readonly words: string | null;
  }[];
  readonly events: readonly {
    readonly kind: string;
    readonly email: string;
    readonly words: string;
    readonly at: string;
  }[];
  readonly corrects: Correction | null;
}

const toAudited = (row: Row): AuditedDelivery => ({
  id: text(row, "id"),
  nominal: instant(row, "nominal"),
  zone: text(row, "zone"),
  report: text(row, "report"),
  version: text(row, "version"),
  occasion: text(row, "occasion"),
  recipientKey: text(row, "recipient_key"),
  recipientName: text(row, "recipient_name"),
  envelope: as<Envelope>(row, "envelope"),
  label: text(row, "label"),
  filters: as<Filters>(row, "filters"),
  formats: as<Format[]>(row, "formats"),
  trial: as<boolean>(row, "trial"),
  state: as<DeliveryState>(row, "state"),
  reason: textOrNull(row, "reason"),
  createdAt: instant(row, "created_at"),
  finishedAt: instantOrNull(row, "finished_at"),
  files: as<AuditedFile[]>(row, "proofs"),
  releasedBy: textOrNull(row, "released_by"),
  message:
    row["message_id"] == null
      ? null
      : { messageId: text(row, "message_id"), sha256: text(row, "sha256"), bytes: Number(row["bytes"]) },
  receipt: as<AuditedDelivery["receipt"]>(row, "receipt"),
  tries: as<AuditedDelivery["tries"]>(row, "tries"),
  events: as<AuditedDelivery["events"]>(row, "events"),
  corrects: as<Correction | null>(row, "correction"),
});

/** Which deliveries are read: those of times from `from` until before `until`, of one report or (`null`) of all, after an id. */
export interface AuditAsk {
  readonly from: Temporal.Instant;
  readonly until: Temporal.Instant;
  readonly report: string | null;
}

/** The next deliveries after `afterId`, by id. */
export const auditedPage = (
  db: Db,
  { from, until, report }: AuditAsk,
  { afterId, limit }: { readonly afterId: string; readonly limit: number },
): Promise<AuditedDelivery[]> =>
  many(db, { text: statements.page, values: [afterId, at(from), at(until), report, limit], map: toAudited });

/** What an auditor reads: who got what, with which filters, proven how, handed over when. A page at a time, however long the years are. */
import { filtersInWords } from "#model/filters.ts";
import { type AuditAsk, type AuditedDelivery, type AuditedFile, auditedPage } from "#store/delivery-export.ts";
import type { Pool } from "#store/pool.ts";

/** How deliveries are written: one row each for a spreadsheet, or one object each with everything taken apart. */
export type ExportFormat = "csv" | "json";

const pageSize = 500;

/** The text of an export, in pieces. */
export async function* exportDeliveries(ask: AuditAsk, format: ExportFormat, pool: Pool): AsyncGenerator<string> {
  const { head, line, between, tail } = writers[format];
  yield head;
  let isFirst = true;
  for await (const page of pagesOf(ask, pool)) {
    yield (isFirst ? "" : between) + page.map(line).join(between);
    isFirst = false;
  }
  yield tail;
}

async function* pagesOf(ask: AuditAsk, pool: Pool): AsyncGenerator<readonly AuditedDelivery[]> {
  for (let afterId = "0"; ; ) {
    const page = await auditedPage(pool, ask, { afterId, limit: pageSize });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    afterId = last.id;
  }
}

interface Writer {
  readonly head: string;
  readonly between: string;
  readonly tail: string;
  readonly line: (delivery: AuditedDelivery) => string;
}

type Column = readonly [name: string, cell: (one: AuditedDelivery) => string];

const columns: readonly Column[] = [
  ["delivery", ({ id }) => id],
  ["time", ({ nominal, zone }) => nominal.toZonedDateTimeISO(zone).toString({ timeZoneName: "never" })],
  ["zone", ({ zone }) => zone],
  ["report", ({ report }) => report],
  ["version", ({ version }) => version],
  ["asked by", ({ occasion }) => occasion],
  ["recipient", ({ recipientKey }) => recipientKey],
  ["name", ({ recipientName }) => recipientName],
  ["address", ({ envelope }) => envelope.to],
  ["cc", ({ envelope }) => envelope.cc.join(", ")],
  ["bcc", ({ envelope }) => envelope.bcc.join(", ")],
  ["label", ({ label }) => label],
  ["filters", ({ filters }) => filtersInWords(filters, "everything")],
  ["formats", ({ formats }) => formats.join(" ")],
  ["trial", ({ trial }) => (trial ? "yes" : "no")],
  ["state", ({ state }) => state],
  ["reason", ({ reason }) => reason ?? ""],
  ["planned at", ({ createdAt }) => createdAt.toString()],
  ["ended at", ({ finishedAt }) => finishedAt?.toString() ?? ""],
  ["files", ({ files }) => files.map(fileInWords).join("; ")],
  ["proof", ({ files }) => files.map(proofInWords).join("; ")],
  ["released by", ({ releasedBy }) => releasedBy ?? ""],
  ["message id", ({ message }) => message?.messageId ?? ""],
  ["message sha256", ({ message }) => message?.sha256 ?? ""],
  ["receipt", ({ receipt }) => [receipt?.words, receipt?.note].filter(Boolean).join("; ")],
  [
    "tries",
    ({ tries }) => tries.map((one) => `${one.n} ${one.outcome ?? "open"} ${one.words ?? ""}`.trim()).join("; "),
  ],
  [
    "told afterwards",
    ({ events }) => events.map((one) => `${one.at} ${one.kind} ${one.email} ${one.words}`.trim()).join("; "),
  ],
  ["corrects", ({ corrects }) => (corrects === null ? "" : `${corrects.of}: ${corrects.reason}`)],
];

const fileInWords = ({ view, format, sha256 }: AuditedFile): string => `${view} ${format} ${sha256 ?? "unknown"}`;

const proofInWords = ({ view, format, verdict, evidence }: AuditedFile): string =>
  `${view} ${format} ${verdict}: ${evidence.join(", ")}`;

/** A cell that a spreadsheet would take for a formula stays text: names and answers of mail servers are other people's words. */
const cellOf = (value: string): string => {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const writers: Readonly<Record<ExportFormat, Writer>> = {
  csv: {
    head: `${columns.map(([name]) => name).join(",")}\r\n`,
    between: "",
    tail: "",
    line: (one) => `${columns.map(([, cell]) => cellOf(cell(one))).join(",")}\r\n`,
  },
  json: { head: "[\n", between: ",\n", tail: "\n]\n", line: (one) => JSON.stringify(one) },
};

import { setTimeout as pause } from "node:timers/promises";
import { stringify } from "csv-stringify/sync";
import { Fault, isFault } from "#model/fault.ts";
import { filtersInWords } from "#model/filters.ts";
import type { Format } from "#model/people.ts";
import type { DataRequest, RenderEvidence, RenderRequest } from "#model/render.ts";
import { inLanguage } from "#model/report.ts";
import { inspect, type PageVerdict } from "#render/inspect.ts";
import { isListed } from "#render/page/address.ts";
import { capturePng, type Png } from "#render/page/capture.ts";
import { download } from "#render/page/download.ts";
import { isStill, look, readDate, readTexts } from "#render/page/look.ts";
import { open } from "#render/page/open.ts";
import { capturePdf } from "#render/page/pdf.ts";
import { settle } from "#render/page/settle.ts";
import { phase, type Tab } from "#render/page/tab.ts";
import { readTable } from "#render/page/table.ts";
import type { FilterInfo, ReportServer } from "#render/port.ts";
import { evidenceOfRows, readRows } from "#render/rows.ts";
import { columnsIn } from "#render/servers/columns.ts";

/** Bounds of one render's phases, in milliseconds. */
export interface DrawLimits {
  readonly openTimeoutMs: number;
  readonly captureTimeoutMs: number;
  readonly exportTimeoutMs: number;
}

/** The tallest page in CSS pixels: above it a mail client shows nothing and the browser's memory goes. */
export const maxHeightPx = 20_000;
const maxCsvBytes = 50_000_000;
const maxRows = 100_000;

/** One format's bytes as they were drawn. */
export interface DrawnFile {
  readonly format: Format;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly width: number | null;
  readonly height: number | null;
}

/** What a render yields: the files, and the evidence that the proof judges. */
export interface Drawn {
  readonly files: readonly DrawnFile[];
  readonly evidence: RenderEvidence;
}

/** What drawing one request uses, in a tab that is signed in. */
export interface DrawFacts {
  readonly request: RenderRequest;
  readonly server: ReportServer;
  readonly filters: readonly FilterInfo[];
  readonly limits: DrawLimits;
  readonly signal: AbortSignal;
}

/** Draws one view: opened, settled, inspected, captured, its rows fetched. A page that isn't the view is a fault, never an artifact. */
export const drawView = async (tab: Tab, facts: DrawFacts): Promise<Drawn> => {
  const { request, server, limits, signal } = facts;
  const startedAt = performance.now();
  tab.recorder.reset();
  const url = server.address(request.view, request.filters, request.locale);
  // Nobody clicks from here on.
  await phase(tab, { name: "making the window", ms: limits.openTimeoutMs, signal }, () => tab.pane.drawSmall(tab.look));
  await open(tab, { url, limitMs: limits.openTimeoutMs, signal });
  const { brokenTiles, png } = await photograph(tab, facts);
  const bound = { limitMs: limits.captureTimeoutMs, signal };
  const files: DrawnFile[] = [{ format: "png", mediaType: "image/png", ...png }];
  const texts = await readTexts(tab, { selectors: textsWanted(facts), ...bound });
  const { dataAsOf } = server.marks;
  if (request.formats.includes("pdf")) files.push(await pdfOf(tab, facts, texts));
  // After the PDF, since a page may ask again while it is printed; before the CSV is asked for, which is a proof of its own.
  const requests = await dataRequests(tab, server);
  const rows = request.formats.includes("csv") ? await rowsOf(tab, facts) : null;
  if (rows !== null) files.push({ format: "csv", mediaType: "text/csv", bytes: rows, width: null, height: null });
  const evidence: RenderEvidence = {
    requests,
    elements: texts,
    csv: rows === null ? null : evidenceOfRows(readRows(rows)),
    filterColumns: named(facts.filters, (filter) => filter.column),
    filterParameters: named(facts.filters, (filter) => filter.parameter ?? null),
    brokenTiles,
    // Each reader's email writes the date in their own way, so the machine's form is wanted where the page has it.
    dataAsOf: dataAsOf === null ? null : await readDate(tab, { selector: dataAsOf, ...bound }),
    drawnMs: Math.round(performance.now() - startedAt),
  };
  return { files, evidence };
};

/** The view once it is drawn, and what of it is broken. */
interface Settled {
  readonly brokenTiles: readonly string[];
  /** A small picture of it; `null` where it is sent as far as it came. */
  readonly picture: Uint8Array | null;
}

/** Frames of one movement differ within this time. */
const leastMs = 100;

/**
 * Takes the picture of the settled view. A page that gives a sign is believed at once: whether it stood still is seen by a small picture from
 * before and one from after, so that the time between them is work and not waiting. One that moved is waited for and taken again.
 */
const photograph = async (tab: Tab, facts: DrawFacts): Promise<{ brokenTiles: readonly string[]; png: Png }> => {
  const { server, request, limits, signal } = facts;
  const { dashboard } = server.marks;
  const capture = () =>
    capturePng(tab, { clipSelector: dashboard, maxHeightPx, limitMs: limits.captureTimeoutMs, signal });
  const hasSign = server.readySign(request.view) !== null;
  const { picture, brokenTiles } = await settled(tab, facts, hasSign ? { stillMs: 0 } : {});
  const begun = performance.now();
  const png = await capture();
  if (!hasSign || picture === null) return { brokenTiles, png };
  await pause(Math.max(0, leastMs - (performance.now() - begun)), undefined, { signal });
  if (await isStill(tab, picture, { limitMs: limits.captureTimeoutMs, signal })) return { brokenTiles, png };
  const again = await settled(tab, facts, {});
  return { brokenTiles: again.brokenTiles, png: await capture() };
};

/** Waits until the view is drawn and judges it; the names of broken tiles where the report sends without them. */
const settled = async (tab: Tab, facts: DrawFacts, still: { readonly stillMs?: number }): Promise<Settled> => {
  const { request, server, signal, limits } = facts;
  const { view } = request;
  const { tile, brokenTile } = server.marks;
  const marks = { tile: view.tileSelector ?? tile, brokenTile };
  const { unfinished, picture } = await untilSettled(() =>
    settle(tab, { sign: server.readySign(view), marks, limitMs: view.settleTimeoutMs, signal, ...still }),
  );
  const page = await look(tab, {
    marks,
    isSignInPage: (url) => server.isSignInPage(url),
    limitMs: limits.captureTimeoutMs,
    signal,
    ...(picture && { picture }),
  });
  const verdict = inspect(page);
  const loading = page.tiles.filter(({ state }) => state === "loading").map(({ name }) => name);
  const isWorthSending = view.brokenTile === "send-with-note" && page.tiles.some(({ state }) => state === "done");
  if (verdict.is === "broken-tiles" && isWorthSending) {
    return { brokenTiles: [...verdict.names, ...loading], picture };
  }
  if (verdict.is !== "ok") throw faultOf(verdict, view.path);
  if (unfinished === null) return { brokenTiles: [], picture };
  if (isWorthSending && loading.length > 0) return { brokenTiles: loading, picture };
  throw unfinished;
};

/** The fault of a view that isn't ready in time is kept, since the report may send what there is. */
const untilSettled = async (
  wait: () => Promise<{ readonly picture: Uint8Array }>,
): Promise<{ readonly unfinished: Fault | null; readonly picture: Uint8Array | null }> => {
  try {
    return { unfinished: null, picture: (await wait()).picture };
  } catch (error) {
    if (isFault(error, "render.not-settled")) return { unfinished: error, picture: null };
    throw error;
  }
};

const codes = {
  signin: "server.signin",
  "error-page": "render.error-page",
  blank: "render.blank",
  "broken-tiles": "render.tile-broken",
} as const;

const faultOf = (verdict: Exclude<PageVerdict, { is: "ok" }>, path: string): Fault =>
  new Fault(codes[verdict.is], `View “${path}”: ${verdict.why}.`, {
    hint: "open the view on the report server; it is drawn again before it is given up",
    retry: "later",
  });

const textsWanted = ({ request, server }: DrawFacts): readonly string[] => [
  ...request.elements,
  ...(server.marks.dataAsOf === null ? [] : [server.marks.dataAsOf]),
];

/** What is only loaded counts where it comes from the report server: other hosts send fonts, logos and counters. */
const dataRequests = async (tab: Tab, server: ReportServer): Promise<readonly DataRequest[]> =>
  (await tab.recorder.requests())
    .filter(({ url }) => URL.canParse(url) && server.isDataRequest(new URL(url)))
    .filter(({ as, url }) => as === "asked" || isListed(new URL(url), server.settings.hosts))
    .map(({ method, url, postBody, status, json, isTooLarge }) => ({
      method,
      url,
      postBody,
      status,
      columns: columnsIn(json),
      ...(isTooLarge ? { isTooLarge } : {}),
    }));

/** The view's rows: from the table that the report names, else from the server's own CSV; `null` where there is neither. */
const rowsOf = async (tab: Tab, { request, server, limits, signal }: DrawFacts): Promise<Uint8Array | null> => {
  const { view, filters } = request;
  const limitMs = limits.exportTimeoutMs;
  if (view.csv !== null && "table" in view.csv) {
    const table = await readTable(tab, { selector: view.csv.table, maxRows, limitMs, signal });
    return new TextEncoder().encode(stringify([table.columns, ...table.rows].map((row) => [...row])));
  }
  const url = server.csvAddress(view, filters);
  if (url === null) return null;
  refuseForeign(new URL(url), server);
  return (await download(tab, { url, maxBytes: maxCsvBytes, limitMs, signal })).bytes;
};

/** The address carries people's filters, and what answers is mailed: neither is for a host that nobody has named. */
const refuseForeign = (url: URL, { settings }: ReportServer): void => {
  if (isListed(url, settings.hosts)) return;
  const place = url.host === "" ? url.protocol : url.host;
  throw new Fault(
    "server.host-refused",
    `The view's rows would come from ${place}, which isn't among the hosts of “${settings.name}”.`,
    {
      hint: `Correct csv.url, or add the host to the server's hosts.`,
    },
  );
};

const pdfOf = async (
  tab: Tab,
  { request, server, limits, signal }: DrawFacts,
  texts: Readonly<Record<string, string>>,
): Promise<DrawnFile> => {
  const { view, filters, locale } = request;
  const left = inLanguage(view.title, locale);
  const asOf = server.marks.dataAsOf === null ? "" : (texts[server.marks.dataAsOf] ?? "");
  const bytes = await capturePdf(tab, {
    tileSelector: view.tileSelector ?? server.marks.tile,
    header: { left, right: filtersInWords(filters, "") },
    footer: asOf,
    maxHeightPx,
    limitMs: limits.captureTimeoutMs,
    signal,
  });
  return { format: "pdf", mediaType: "application/pdf", bytes, width: null, height: null };
};

const named = (
  filters: readonly FilterInfo[],
  of: (filter: FilterInfo) => string | null,
): Readonly<Record<string, string>> =>
  Object.fromEntries(filters.flatMap((filter) => (of(filter) === null ? [] : [[filter.name, of(filter) ?? ""]])));

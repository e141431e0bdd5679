import type { Path } from "#config/document.ts";
import { type Context, declared, unknownName } from "#config/resolve/context.ts";
import { holdsSecret } from "#config/resolve/reference.ts";
import { readySignOf } from "#config/resolve/sign.ts";
import type { WrittenReport } from "#config/schema.ts";
import type { ReportView, Words } from "#model/report.ts";

type WrittenView = NonNullable<WrittenReport["view"]>;
type Section = Exclude<WrittenView, string>;

/** A report as it is written, with its place in the file. */
export interface ReportEntry {
  readonly name: string;
  readonly path: Path;
  readonly report: WrittenReport;
}

interface ViewEntry extends ReportEntry {
  readonly at: Path;
  readonly view: Section;
  /** What the report is called, for a view whose path says nothing. */
  readonly reportTitle: Words;
}

/** Twice the 640 pixels at which an email shows it, so that it is sharp on a good screen. */
const WIDTH = 1280;

const lastPart = (path: string): string => {
  const part =
    path
      .replace(/[?#].*$/, "")
      .replace(/\/+$/, "")
      .split("/")
      .at(-1) ?? path;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** `Yesterday Sales Summary` → `yesterday-sales-summary`; letters of any script stay. */
const shortName = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, "-")
    .replaceAll(/^-+|-+$/g, "") || "view";

const serverOf = ({ at, view, path, report }: ViewEntry, context: Context): string => {
  const known = declared(context, "servers");
  const written = view.server ?? report.server;
  if (written === undefined) {
    if (known.length > 1) context.note([...path, "server"], `is missing; write one of ${known.join(", ")}`, "missing");
    return known[0] ?? "main";
  }
  if (!known.includes(written)) {
    context.note([...(view.server === undefined ? path : at), "server"], unknownName("server", written, known));
  }
  return written;
};

const csvOf = ({ at, view, path, report }: ViewEntry, { note }: Context): ReportView["csv"] => {
  const csv = view.csv ?? report.csv;
  if (csv === undefined) return null;
  const place = [...(view.csv === undefined ? path : at), "csv"];
  const { url, table } = csv;
  if ((url === undefined) === (table === undefined)) {
    note(place, "must have either url or table; keep the one that fits", "key");
    return null;
  }
  if (table !== undefined) return { table };
  if (url !== undefined && holdsSecret(url))
    note([...place, "url"], "holds a secret; reports are stored, so let the server's sign-in serve it");
  return url === undefined ? null : { url };
};

const titleOf = ({ view, reportTitle }: ViewEntry): Words => {
  if (view.title !== undefined) return view.title;
  const part = lastPart(view.path ?? "");
  return /\p{L}/u.test(part) ? part : reportTitle;
};

const viewOf = (entry: ViewEntry, context: Context): ReportView => {
  const { at, view, path, report } = entry;
  if (view.path === undefined)
    context.note([...at, "path"], "is missing; write the view's path, such as Workbook/Sheet", "missing");
  const viewPath = (view.path ?? "").replace(/^\/+/, "");
  const signAt = [...(view.ready === undefined ? path : at), "ready"];
  return {
    name: view.name ?? shortName(lastPart(viewPath)),
    title: titleOf(entry),
    server: serverOf(entry, context),
    path: viewPath,
    width: view.width ?? report.width ?? WIDTH,
    scale: view.scale ?? report.scale ?? 1,
    look: view.look ?? report.look ?? "light",
    language: view.language ?? report.language ?? "report",
    ready: readySignOf(view.ready ?? report.ready, signAt, context),
    tileSelector: view.tileSelector ?? report.tileSelector ?? null,
    csv: csvOf(entry, context),
    brokenTile: view.brokenTile ?? report.brokenTile ?? "fail",
    settleTimeoutMs: view.settleTimeoutMs ?? report.settleTimeoutMs ?? context.written.limits.settleTimeoutMs,
  };
};

const writtenViews = (
  { path, report }: ReportEntry,
  { note }: Context,
): readonly { readonly at: Path; readonly view: WrittenView }[] => {
  const { view, views } = report;
  if (view !== undefined && views !== undefined)
    note([...path, "view"], "stands next to views; keep one of the two", "key");
  if (views !== undefined) return views.map((each, place) => ({ at: [...path, "views", place], view: each }));
  if (view !== undefined) return [{ at: [...path, "view"], view }];
  note([...path, "view"], "is missing; write what the report shows, such as view: Workbook/Sheet", "missing");
  return [];
};

const judgeNames = (views: readonly ReportView[], places: readonly Path[], { note }: Context): void => {
  for (const [place, { name }] of views.entries()) {
    const first = views.findIndex((other) => other.name === name);
    if (first < place)
      note(places[place] ?? [], `has the name “${name}” of a view before it; give one of them a name of its own`);
  }
};

/** What a report shows, resolved; a view's own settings stand before its report's. */
export const viewsOf = (entry: ReportEntry, reportTitle: Words, context: Context): readonly ReportView[] => {
  const written = writtenViews(entry, context);
  const views = written.map(({ at, view }) => {
    const section = typeof view === "string" ? { path: view } : view;
    return viewOf({ ...entry, at, view: section, reportTitle }, context);
  });
  judgeNames(
    views,
    written.map(({ at }) => at),
    context,
  );
  return views;
};

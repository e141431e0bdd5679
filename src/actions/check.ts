/** Judges a configuration without starting it: people, schedules, templates, and the report servers where they can be reached. */
import { type Finding, noted, warning } from "#actions/findings.ts";
import { judgeMode, judgePeople, judgeTemplate } from "#actions/judge-people.ts";
import { judgeEvidence, judgeValues, judgeView } from "#actions/judge-views.ts";
import { type Outlook, type OutlookParts, outlookOf } from "#actions/upcoming.ts";
import { isFault, wordsOf } from "#model/fault.ts";
import type { RenderEvidence, RenderRequest } from "#model/render.ts";
import type { Report } from "#model/report.ts";
import type { ViewInfo } from "#render/port.ts";

/** What asks the report servers, signed in as the daemon would be. */
export interface ServerLook {
  /** Everything that the sign-in of a server can see. */
  views(server: string): Promise<readonly ViewInfo[]>;
  /** Draws a view as the daemon would; what it saw beside the picture. */
  draw(request: RenderRequest): Promise<RenderEvidence>;
}

/** What checking uses. */
export interface CheckParts extends OutlookParts {
  readonly checkTemplate: (name: string) => Promise<unknown>;
  /** The render requests of one person's delivery, in the order of its parts. */
  readonly requests: (draft: Outlook["audience"][number], report: Report) => readonly RenderRequest[];
  /** Where mail of reports in trial goes, in words. */
  readonly outbox: string;
  /** `null`: the servers aren't asked. */
  readonly look: ServerLook | null;
  readonly onProgress: (words: string) => void;
}

/** Checks every report; a fault in one hides nothing of the others. */
export const checkReports = async (reports: readonly Report[], parts: CheckParts): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const listed = rememberViews(parts.look);
  for (const report of reports) {
    parts.onProgress(`Checking ${report.name}`);
    findings.push(...(await checkReport(report, { parts, listed })));
  }
  return findings;
};

type Listed = (server: string) => Promise<readonly ViewInfo[]>;

/** A server is signed in to and asked once, whatever the number of its reports. */
const rememberViews = (look: ServerLook | null): Listed => {
  const known = new Map<string, Promise<readonly ViewInfo[]>>();
  return (server) => {
    const views = known.get(server) ?? look?.views(server) ?? Promise.resolve([]);
    known.set(server, views);
    return views;
  };
};

interface Checking {
  readonly parts: CheckParts;
  readonly listed: Listed;
}

const checkReport = async (report: Report, checking: Checking): Promise<readonly Finding[]> => {
  const { parts } = checking;
  const findings: Finding[] = [];
  const guarded = async (step: () => Promise<readonly Finding[]>): Promise<void> => {
    try {
      findings.push(...(await step()));
    } catch (error) {
      if (!isFault(error)) throw error;
      findings.push({ grade: "fault", about: report.name, what: error.message, mend: error.hint });
    }
  };
  let outlook: Outlook | null = null;
  await guarded(async () => {
    outlook = await outlookOf(report, 1, parts);
    return [...judgePeople(outlook, listName(report)), ...judgeMode(outlook, parts.outbox)];
  });
  await guarded(() => checkTemplates(report, parts));
  if (parts.look !== null) await guarded(() => checkViews(report, outlook, checking));
  return findings;
};

const listName = ({ audience }: Report): string => {
  switch (audience.kind) {
    case "csv":
      return audience.file;
    case "query":
      return `the query on ${audience.source}`;
    case "tables":
      return "daybreak recipients list";
  }
};

const checkTemplates = async (report: Report, { checkTemplate }: CheckParts): Promise<readonly Finding[]> => {
  try {
    await checkTemplate(report.template);
    return [];
  } catch (error) {
    return [judgeTemplate(report.name, wordsOf(error))];
  }
};

const checkViews = async (report: Report, outlook: Outlook | null, checking: Checking): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const drafts = outlook?.audience ?? [];
  for (const one of [report, ...report.bundled]) {
    for (const view of one.views) {
      const listed = await checking.listed(view.server);
      findings.push(
        ...judgeView(one, view, listed),
        ...judgeValues(
          { drafts: drafts.filter((draft) => hasView(draft, one.name, view.name)), places: outlook?.places ?? {} },
          view,
          listed,
        ),
      );
    }
  }
  if (findings.some((finding) => finding.grade === "fault")) return findings;
  return [...findings, ...(await checkDrawing(report, outlook, checking))];
};

const hasView = (draft: Outlook["audience"][number], report: string, view: string): boolean =>
  draft.parts.some((part) => part.report === report && part.view === view);

/** Draws one person's views for real: only that shows whether figures and proof find what they need. */
const checkDrawing = async (
  report: Report,
  outlook: Outlook | null,
  { parts }: Checking,
): Promise<readonly Finding[]> => {
  const draft =
    outlook?.audience.find((one) => one.skip === null && one.filters !== "all") ??
    outlook?.audience.find((one) => one.skip === null);
  if (draft === undefined || parts.look === null)
    return [noted(report.name, "nothing was drawn, since nobody gets it")];
  const findings: Finding[] = [];
  for (const [at, request] of parts.requests(draft, report).entries()) {
    parts.onProgress(`Drawing ${request.view.path} as ${draft.recipientName}`);
    const owner = [report, ...report.bundled].find((one) => one.name === draft.parts[at]?.report) ?? report;
    const drawn = await parts.look.draw(request);
    findings.push(...judgeEvidence(owner, request, drawn), ...broken(owner, drawn));
  }
  return findings;
};

const broken = (report: Report, { brokenTiles }: RenderEvidence): readonly Finding[] =>
  brokenTiles.length === 0
    ? []
    : [warning(report.name, `tiles are broken: ${brokenTiles.join(", ")}`, "look at the view on its server")];

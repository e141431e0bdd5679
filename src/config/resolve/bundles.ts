import type { Context } from "#config/resolve/context.ts";
import { reportOf } from "#config/resolve/reports.ts";
import type { Report } from "#model/report.ts";

interface Member {
  readonly bundle: string | undefined;
  readonly report: Report;
}

const judgeSchedules = (members: readonly Member[], leader: Report, { note }: Context): void => {
  for (const { report, bundle } of members) {
    if (JSON.stringify(report.schedule) === JSON.stringify(leader.schedule)) continue;
    const message = `differs from the schedule of “${leader.name}”, which leads the bundle “${bundle}”; write the same`;
    note(["reports", report.name, "at"], `${message}, or take one of them out of the bundle`);
  }
};

/** All reports; the first of a bundle carries the others, which then don't stand on their own. */
export const reportsOf = (context: Context): readonly Report[] => {
  const all = Object.entries(context.written.reports).map(([name, report]): Member => {
    return { bundle: report.bundle, report: reportOf({ name, path: ["reports", name], report }, context) };
  });
  return all.flatMap(({ bundle, report }) => {
    if (bundle === undefined) return [report];
    const [leader, ...others] = all.filter((member) => member.bundle === bundle);
    if (leader?.report !== report) return [];
    judgeSchedules(others, report, context);
    return [{ ...report, bundled: others.map((member) => member.report) }];
  });
};

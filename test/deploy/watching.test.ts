import { expect, test } from "vitest";
import { parse } from "yaml";
import { openMetrics } from "#web/metrics.ts";
import { testClock } from "../support/clock.ts";
import { keptLog } from "../support/kept-log.ts";
import { read } from "../support/sources.ts";

/** The names of all that a process tells. */
const toldNames = async (): Promise<readonly string[]> => {
  const metrics = openMetrics({ version: "1" });
  const clock = testClock("2026-11-20T06:30:00Z");
  const text = await metrics.tell({ count: async () => [], backups: [], loops: () => [], clock, log: keptLog() });
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
};

const namesIn = (expressions: readonly string[]): readonly string[] => [
  ...new Set(expressions.flatMap((one) => one.match(/\b(?:daybreak|process|nodejs)_\w+/g) ?? [])),
];

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

const dashboard: Dashboard = JSON.parse(read("deploy/grafana/daybreak.json"));

test("every metric that the dashboard shows is told, and every one of ours is shown", async () => {
  const told = await toldNames();
  const variables = dashboard.templating.list.map(({ query }) => (typeof query === "string" ? query : query.query));
  const shown = namesIn([...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...variables]);
  expect(shown.filter((name) => !told.includes(name))).toEqual([]);
  expect(told.filter((name) => name.startsWith("daybreak_") && !shown.includes(name))).toEqual([]);
  expect(shown.length).toBeGreaterThan(20);
  const guide = read("docs/guides/operate.md");
  expect(told.filter((name) => name.startsWith("daybreak_") && !guide.includes(`\`${name}\``))).toEqual([]);
});

test("no panel of the dashboard lies over another one", () => {
  const overlaps = dashboard.panels.flatMap((one, at) =>
    dashboard.panels.slice(at + 1).flatMap((other) => {
      const [a, b] = [one.gridPos, other.gridPos];
      const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      return isApart ? [] : [`${one.title} and ${other.title}`];
    }),
  );
  expect(overlaps).toEqual([]);
});

test("every metric that the example's rules name is told, and each rule says what is wrong", async () => {
  const { groups } = parse(read("deploy/prometheus/alerts.yaml")) as {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly alert: string;
        readonly expr: string;
        readonly labels: { readonly severity: string };
        readonly annotations: { readonly summary: string };
      }[];
    }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const told = await toldNames();
  expect(namesIn(rules.map(({ expr }) => expr)).filter((name) => !told.includes(name))).toEqual([]);
  expect(
    rules.filter(({ annotations, labels }) => !annotations.summary || !/critical|warning/.test(labels.severity)),
  ).toEqual([]);
  const named = rules.map(({ alert }) => alert);
  expect(new Set(named).size).toBe(named.length);
  // What an operator is told to do stands in the guide.
  const guide = read("docs/guides/operate.md");
  expect(named.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});
